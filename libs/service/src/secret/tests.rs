use super::*;

#[derive(Debug, Deserialize)]
struct Login {
    user: String,
    password: Secret<String>,
}

#[test]
fn a_secret_is_not_printed_even_inside_another_value() {
    let login: Login = serde_json::from_str(r#"{"user":"mary","password":"hunter2"}"#).unwrap();
    assert_eq!(login.password.expose(), "hunter2");
    assert_eq!(login.user, "mary");
    let shown = format!("{login:?} {login:#?}");
    assert!(
        shown.contains("[secret]") && !shown.contains("hunter2"),
        "{shown}"
    );
}
