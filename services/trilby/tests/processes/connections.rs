//! `log.connections_max` is what it says.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::acme;
use crate::database::rows;
use crate::founded::Founded;

/// Callers at once, far more than there are connections.
const CALLERS: usize = 12;
const TURNS: usize = 8;

/// Connections by what they call themselves, which is their database role's name.
fn connected(url: &str) -> BTreeMap<String, usize> {
    let query = "select application_name from pg_stat_activity \
        where datname = current_database() and application_name like 'trilby_%'";
    let mut found = BTreeMap::new();
    for name in rows(url, query) {
        *found.entry(name).or_default() += 1;
    }
    found
}

#[test]
#[ignore = "needs services"]
fn no_process_has_more_connections_to_the_store_than_it_may() {
    for max in [2, 3, 5] {
        let few = ("TRILBY_LOG__CONNECTIONS_MAX".to_owned(), max.to_string());
        let here = Founded::with(1, vec![few]);
        let url = here.database.admin_url();
        let done = AtomicBool::new(false);
        let most = std::thread::scope(|scope| {
            let watching = scope.spawn(|| {
                let mut most = BTreeMap::new();
                while !done.load(Ordering::SeqCst) {
                    for (name, n) in connected(&url) {
                        let before = most.entry(name).or_default();
                        *before = n.max(*before);
                    }
                }
                most
            });
            let callers: Vec<_> = (0..CALLERS)
                .map(|caller| {
                    let here = &here;
                    scope.spawn(move || {
                        for turn in 0..TURNS {
                            let name = format!("user-{caller}-{turn}");
                            acme::create_user(&here.admin, &here.account, &name);
                            // With so few it may be late, and says so.
                            let asked = here.may_list_users(&name, "");
                            assert!(matches!(asked.status, 200 | 503), "{asked:?}");
                        }
                    })
                })
                .collect();
            let ended: Vec<_> = callers.into_iter().map(|one| one.join()).collect();
            done.store(true, Ordering::SeqCst);
            assert!(ended.iter().all(Result::is_ok));
            watching.join().unwrap()
        });
        let of =
            |names: &[&str]| -> usize { names.iter().filter_map(|name| most.get(*name)).sum() };
        for names in [
            &["trilby_identity"][..],
            &["trilby_token"],
            &["trilby_decision", "trilby_sink"],
        ] {
            let n = of(names);
            assert!((1..=max).contains(&n), "{max} at most: {most:?}");
        }
        here.verify();
    }
}
