use trilby_credential::{Kek, Keks, Pepper, PepperVersion, Peppers};

use super::*;

fn peppers(keys: &[(u16, u8)]) -> Peppers {
    let made = keys
        .iter()
        .map(|(version, key)| Pepper::new(PepperVersion::new(*version).unwrap(), [*key; 32]));
    Peppers::new(made).unwrap()
}

fn keks(writing: u8, readable: Option<u8>) -> Keks {
    Keks::new(
        Kek::new([writing; 32]),
        readable.map(|key| Kek::new([key; 32])),
    )
}

/// What a store would remember, told by processes that start one after the other.
#[derive(Default)]
struct Store(Vec<Agreed>);

impl Store {
    fn start(
        &mut self,
        public_url: Option<&str>,
        peppers: Option<Peppers>,
        keks: Option<Keks>,
    ) -> Result<(), Mismatch> {
        let ours = Ours {
            public_url,
            peppers: peppers.as_ref(),
            keks: keks.as_ref(),
        };
        let new = ours.compare(&self.0)?;
        self.0.extend(new);
        assert_eq!(ours.compare(&self.0), Ok(Vec::new()));
        Ok(())
    }

    fn pepper(&mut self, keys: &[(u16, u8)]) -> Result<(), Mismatch> {
        self.start(None, Some(peppers(keys)), None)
    }

    fn kek(&mut self, writing: u8, readable: Option<u8>) -> Result<(), Mismatch> {
        self.start(None, None, Some(keks(writing, readable)))
    }
}

#[test]
fn the_first_says_the_public_url_and_the_others_agree() {
    let mut store = Store::default();
    store.start(None, None, None).unwrap();
    store.start(Some("https://a.example"), None, None).unwrap();
    store.start(Some("https://a.example"), None, None).unwrap();
    store.start(None, None, None).unwrap();
    let told = store.start(Some("https://b.example"), None, None);
    let told = told.unwrap_err().to_string();
    assert!(told.contains("a.example") && told.contains("b.example"));
}

#[test]
fn another_pepper_is_refused_and_a_newer_version_is_not() {
    let mut store = Store::default();
    store.pepper(&[(1, 7)]).unwrap();
    let version = "1".to_owned();
    assert_eq!(store.pepper(&[(1, 8)]), Err(Mismatch::Pepper { version }));
    store.pepper(&[(1, 7), (2, 9)]).unwrap();
    // A process that was not given the new one could check nothing that is made with it.
    let version = "2".to_owned();
    assert_eq!(
        store.pepper(&[(1, 7)]),
        Err(Mismatch::OldPepper { version })
    );
    let version = "1".to_owned();
    assert_eq!(
        store.pepper(&[(1, 8), (2, 9)]),
        Err(Mismatch::Pepper { version })
    );
    // When nothing is left that the old one has made.
    store.pepper(&[(2, 9)]).unwrap();
}

#[test]
fn another_kek_is_refused_and_a_rotation_is_not() {
    let mut store = Store::default();
    store.kek(1, None).unwrap();
    assert!(matches!(store.kek(2, None), Err(Mismatch::Kek { .. })));
    assert!(matches!(store.kek(2, Some(3)), Err(Mismatch::Kek { .. })));
    // Readable in all, then writing in all, in each step one process after the other.
    store.kek(1, Some(2)).unwrap();
    store.kek(1, None).unwrap();
    store.kek(2, Some(1)).unwrap();
    store.kek(1, Some(2)).unwrap();
    assert!(matches!(store.kek(1, None), Err(Mismatch::Kek { .. })));
    store.kek(2, None).unwrap();
}
