//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use trilby_model::{AccountId, UserId};

/// Trilby: IAM for other people's applications, self-hosted.
#[derive(Debug, Parser)]
#[command(name = "trilby", version, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    pub settings: SettingsArgs,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Where settings come from; flags win over the environment, the environment over the file.
#[derive(Debug, Clone, Args)]
pub struct SettingsArgs {
    /// Settings file (TOML). Every setting can be given as TRILBY_SECTION__NAME as well
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder of the log and the installation's keys [default: ./trilby-data]
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Address to serve the API on [default: 127.0.0.1:8080]
    #[arg(long, global = true, value_name = "HOST:PORT")]
    pub listen: Option<SocketAddr>,
    /// Address of the operator's port (metrics) [default: 127.0.0.1:9080]
    #[arg(long, global = true, value_name = "HOST:PORT")]
    pub operator_listen: Option<SocketAddr>,
    /// Shared store, for `identity`, `token`, `decision`, `relay`, `migrate`, `bootstrap`, `log` and `admin`; no password in it
    #[arg(long, global = true, value_name = "postgres://HOST/DB")]
    pub store: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve identity, token and decision on one port; so does `trilby` alone. Makes `./trilby-data` if it is not there
    Serve,
    /// Serve identity alone, over a shared store
    Identity,
    /// Serve token alone, over a shared store
    Token,
    /// Serve decision alone, over a shared store
    Decision,
    /// Tell the processes over a shared store of each other's commits, through Kafka
    Relay,
    /// Make a shared store's tables, or bring them up to date
    Migrate,
    /// Play the story of Acme over the REST API, then keep serving
    Demo {
        /// Play it in a temporary folder on a free port, check each answer, and exit: 0 if all held, else 1
        #[arg(long)]
        exit: bool,
        /// Play it into an empty installation that runs elsewhere, check each answer, and exit
        #[arg(long, value_name = "URL", conflicts_with = "exit", requires_all = ["ticket", "issuer_port"])]
        at: Option<String>,
        /// File with that installation's bootstrap ticket
        #[arg(long, value_name = "FILE", requires = "at")]
        ticket: Option<PathBuf>,
        /// Port of this host for the story's outside issuer; the installation's `tokens.private_issuer_hosts` must name it
        #[arg(long, value_name = "PORT", requires = "at")]
        issuer_port: Option<u16>,
    },
    /// Issue a new bootstrap ticket for a store that has no account yet
    Bootstrap,
    /// Evaluate self-contained cases, offline: .json (one case or an array), .jsonl, or - for standard input
    Simulate {
        /// Cases, or - for lines of standard input
        file: String,
        /// Print a short trace for people instead of JSON lines
        #[arg(long)]
        explain: bool,
    },
    /// Check and format policy documents, offline
    Policy {
        #[command(subcommand)]
        command: PolicyCommand,
    },
    /// Look after the log
    Log {
        #[command(subcommand)]
        command: LogCommand,
    },
    /// Look after the installation
    Admin {
        #[command(subcommand)]
        command: AdminCommand,
    },
    /// Show or check the settings in force
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Ask the process that runs here with the same settings whether it is ready. Exit 0 it is, 1 it is not
    Health {
        /// Ask only whether it answers
        #[arg(long)]
        live: bool,
    },
    /// Write the OpenAPI documents, or check that they are up to date
    Openapi {
        #[arg(long, default_value = "openapi")]
        dir: PathBuf,
        #[arg(long)]
        check: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Say what is wrong or odd with documents. Exit 0 good, 1 not good, 2 a file cannot be read
    Check {
        #[command(flatten)]
        documents: Documents,
        /// Answer as JSON, one line for each document
        #[arg(long)]
        json: bool,
        /// Warnings are no better than errors
        #[arg(long)]
        deny_warnings: bool,
    },
    /// Print documents in canonical form. Exit 0 done, 1 a document is wrong or (--check) in another form, 2 a file cannot be read
    Fmt {
        #[command(flatten)]
        documents: Documents,
        /// Print nothing but the names of files that are in another form
        #[arg(long, conflicts_with = "write")]
        check: bool,
        /// Rewrite the files that are in another form
        #[arg(long)]
        write: bool,
        /// On one line, byte for byte what is stored and what counts against limits
        #[arg(long)]
        minify: bool,
    },
}

/// Policy documents and what they are held to.
#[derive(Debug, Args)]
pub struct Documents {
    /// Files, or - for standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<String>,
    /// What the documents are to be
    #[arg(long, value_enum, default_value_t = PolicyKind::Identity)]
    pub kind: PolicyKind,
    /// Take a Version that is missing or 2008-10-17, as policies of old
    #[arg(long)]
    pub legacy: bool,
    /// Take all of Unicode, not Latin-1 alone
    #[arg(long)]
    pub unicode: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum PolicyKind {
    Identity,
    Boundary,
    Session,
    Resource,
    Trust,
    Scp,
    Rcp,
}

#[derive(Debug, Subcommand)]
pub enum LogCommand {
    /// Check chains, bodies, heads, receipts and indexes, and compare what lies beside the log with its events. Exit 0 sound,
    /// 2 broken, 3 incomplete: nothing is broken, and something that was to be checked could not be, such as the indexes
    /// without the store key. What was left out is named
    Verify {
        /// One log: an account id, an organization id or `platform`; all without it. The activity log is left out
        #[arg(long)]
        log: Option<String>,
        /// Begin after this seq; a log that does not reach it is broken (2), and without --log it is incomplete (3) if none
        /// does. What needs all of a log's events is left out: claims, revocations, who is trusted, snapshots and personal
        /// data are not compared with them
        #[arg(long)]
        since: Option<u64>,
        /// A Trilby-Seq kept from an earlier answer: the log must still hold it
        #[arg(long, value_name = "TRILBY-SEQ")]
        kept: Option<String>,
        /// Verify exports instead of a store, without one and without a key: a file, all *.jsonl of a folder, or - for standard
        /// input. What lies beside a log, and the other halves of commits of several logs, is left out
        #[arg(long, value_name = "FILE|FOLDER", conflicts_with_all = ["log", "since"])]
        offline: Option<PathBuf>,
        /// Answer as JSON
        #[arg(long)]
        json: bool,
    },
    /// Write one log as JSON lines that can be verified without its store: `log verify --offline`, or `verify.py`
    Export {
        /// An account id, an organization id or `platform`
        log: String,
    },
    /// Copy the store, byte for byte: a folder's (`--data-dir`) or a shared one (`--store`)
    Copy {
        /// Folder or `postgres://host/database` of the copy; it must not hold a store yet
        to: String,
    },
    /// Copy the store likewise, its indexes (claims, revocations, who is trusted) made anew from the events
    Rebuild {
        /// Folder or `postgres://host/database` of the copy; it must not hold a store yet
        to: String,
    },
    /// List the logs of the store with their heads
    List,
}

#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Make the keys of a new installation over a shared store: store.key, pepper.key, kek.key. Each process gets those
    /// it needs and no other
    MakeKeys {
        /// Folder that does not exist yet, or is empty
        folder: PathBuf,
    },
    /// Forget what the processes over a shared store agreed on at their first start, so that the next start records it anew.
    /// While none of them runs
    Forget {
        /// What was changed on purpose
        #[arg(value_enum)]
        what: Agreed,
    },
    /// Erase what is kept beside the log about a user that was deleted: verifiers of secrets, personal data, and where their
    /// requests came from. That it was done is in the account's log
    EraseSubject {
        /// The account
        account: AccountId,
        /// The user's unique id
        user: UserId,
    },
    /// Erase the log of a closed account: what its events say and all that is kept beside it. What stays is that there were
    /// events, so that the chain can still be verified
    EraseLog {
        /// The account, which must be closed
        account: AccountId,
        /// It cannot be undone
        #[arg(long)]
        yes: bool,
    },
    /// Say that no process of an older release runs any more: what only this release can read may be written from now on, and
    /// older ones do not open the store again
    RaiseReaderLevel,
    /// Say that the store was restored, or that a standby took over: what is written from now on is of another incarnation,
    /// and the processes start again. While none of them runs
    Fence {
        /// Although processes are connected, or nothing shows that the database is another
        #[arg(long)]
        yes: bool,
    },
}

/// What all processes of an installation must agree on.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Agreed {
    PublicUrl,
    Pepper,
    Kek,
}

#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print the settings in force, without secrets
    #[command(alias = "print")]
    Show,
    /// Read the settings and say whether they are good, and whether the files that they name can be used
    Check,
}
