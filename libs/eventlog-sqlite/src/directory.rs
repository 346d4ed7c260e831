//! The data directory: made for its owner alone, and owned by one process at a time.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use crate::LOCK_NAME;
use crate::options::OpenError;

/// Makes the data directory, for this user alone.
pub(crate) fn make_directory(dir: &Path) -> Result<(), OpenError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|source| unusable(dir, source))
}

pub(crate) fn unusable(dir: &Path, source: std::io::Error) -> OpenError {
    OpenError::Directory {
        path: dir.to_owned(),
        source,
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// An empty file that only we may read.
pub(crate) fn make_private(path: &Path) -> std::io::Result<()> {
    private().open(path).map(drop)
}

/// Takes the directory for this process. The lock goes with the process, however it ends. Writes nothing into a
/// directory that had a store: whether it is ours is not known yet.
pub(crate) fn lock(dir: &Path) -> Result<File, OpenError> {
    let unusable = |source| unusable(dir, source);
    let mut file = private().open(dir.join(LOCK_NAME)).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            // Only for the message; an unreadable file says no process.
            let pid = file
                .read_to_string(&mut text)
                .ok()
                .and_then(|_| text.trim().parse().ok());
            return Err(OpenError::InUse {
                path: dir.to_owned(),
                pid,
            });
        }
        Err(TryLockError::Error(source)) => return Err(unusable(source)),
    }
    Ok(file)
}

/// Notes in the lock which process has it, for who finds the directory taken.
pub(crate) fn sign(mut lock: &File, dir: &Path) -> Result<(), OpenError> {
    lock.set_len(0)
        .and_then(|()| lock.rewind())
        .and_then(|()| writeln!(lock, "{}", std::process::id()))
        .map_err(|source| unusable(dir, source))
}
