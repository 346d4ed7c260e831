use std::os::unix::fs::PermissionsExt;

use super::*;

fn entropy(seed: u8) -> Entropy {
    Entropy::new([seed; 32])
}

#[test]
fn the_second_start_finds_the_keys_of_the_first() {
    let root = tempfile::tempdir().expect("a folder");
    let dir = DataDir::at(&root.path().join("data")).expect("a new folder");
    let first = dir.open_keys(&mut entropy(1)).expect("made");
    let second = dir.open_keys(&mut entropy(2)).expect("read");
    assert_eq!(first.store.fingerprint(), second.store.fingerprint());
}

#[test]
fn a_folder_with_other_things_is_refused_and_left_alone() {
    let root = tempfile::tempdir().expect("a folder");
    fs::write(root.path().join("letter.txt"), "dear").expect("written");
    let error = DataDir::at(root.path()).expect_err("foreign").to_string();
    assert!(error.contains("letter.txt"), "{error}");
    assert_eq!(fs::read_dir(root.path()).expect("read").count(), 1);
}

#[test]
fn a_file_in_the_place_of_the_folder_is_refused() {
    let root = tempfile::tempdir().expect("a folder");
    let file = root.path().join("data");
    fs::write(&file, "").expect("written");
    assert!(DataDir::at(&file).is_err());
}

#[test]
fn a_store_without_its_keys_is_refused() {
    let root = tempfile::tempdir().expect("a folder");
    let dir = DataDir::at(root.path()).expect("empty");
    dir.open_keys(&mut entropy(1)).expect("made");
    fs::create_dir(dir.store()).expect("made");
    fs::write(dir.store().join("log"), "x").expect("written");
    fs::remove_file(dir.keys().join(KEK)).expect("removed");
    let error = dir
        .open_keys(&mut entropy(2))
        .expect_err("no keys")
        .to_string();
    assert!(error.contains("kek.key"), "{error}");
}

#[test]
fn a_key_file_open_to_others_is_refused() {
    let root = tempfile::tempdir().expect("a folder");
    let dir = DataDir::at(root.path()).expect("empty");
    dir.open_keys(&mut entropy(1)).expect("made");
    fs::set_permissions(dir.keys().join(PEPPER), fs::Permissions::from_mode(0o644))
        .expect("opened");
    let error = dir
        .open_keys(&mut entropy(2))
        .expect_err("open to others")
        .to_string();
    assert!(error.contains("chmod 600"), "{error}");
}

#[test]
fn no_key_stands_in_the_error_of_a_spoilt_key_file() {
    let root = tempfile::tempdir().expect("a folder");
    let dir = DataDir::at(root.path()).expect("empty");
    dir.open_keys(&mut entropy(1)).expect("made");
    files::write_private(
        &dir.keys().join(STORE_KEY),
        b"trilby-store-key:1:SECRETSECRET",
    )
    .expect("spoilt");
    let error = format!("{:#}", dir.open_keys(&mut entropy(2)).expect_err("spoilt"));
    assert!(!error.contains("SECRETSECRET"), "{error}");
}
