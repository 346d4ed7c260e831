use super::*;

fn params(text: &str) -> Params {
    Params::parse(text).unwrap()
}

#[test]
fn what_is_known_is_taken_and_the_rest_is_refused() {
    let mut query = params("limit=5&name_prefix=a%2Fb+c&tag.team=&tag.env=dev&dry=true");
    assert_eq!(query.take_as::<u32>("limit").unwrap(), Some(5));
    assert_eq!(query.take("name_prefix").unwrap().as_deref(), Some("a/b c"));
    let tags = query.take_prefixed("tag.");
    assert_eq!(
        tags,
        [
            ("team".to_owned(), String::new()),
            ("env".to_owned(), "dev".to_owned())
        ]
    );
    assert!(query.take_flag("dry").unwrap());
    assert!(!query.take_flag("absent").unwrap());
    query.finish().unwrap();

    let problem = params("limt=5&x=1").finish().unwrap_err();
    assert_eq!(problem.code, Code::InvalidParameter);
    let names: Vec<_> = problem
        .errors
        .iter()
        .filter_map(|error| error.parameter.as_deref())
        .collect();
    assert_eq!(names, ["limt", "x"]);
}

#[test]
fn no_parameter_is_given_twice_empty_or_undecodable() {
    let code = |text: &str| Params::parse(text).map(|_| ()).unwrap_err().code;
    assert_eq!(code("a=1&a=1"), Code::DuplicateParameter);
    assert_eq!(code("a=1&%61=2"), Code::DuplicateParameter);
    assert_eq!(code("a=%ff"), Code::InvalidParameter);
    assert_eq!(code("a=%f"), Code::InvalidParameter);
    assert_eq!(code("a=%zz"), Code::InvalidParameter);
    assert_eq!(code("a=%00"), Code::InvalidParameter);
    assert_eq!(
        params("a=").take("a").unwrap_err().code,
        Code::InvalidParameter
    );
    assert_eq!(
        params("a").take("a").unwrap_err().code,
        Code::InvalidParameter
    );
    assert_eq!(
        params("").require("a").unwrap_err().code,
        Code::MissingParameter
    );
    assert_eq!(
        params("a=x").take_as::<u32>("a").unwrap_err().code,
        Code::InvalidParameter
    );
    assert_eq!(
        params("a=yes").take_flag("a").unwrap_err().code,
        Code::InvalidParameter
    );
}

#[test]
fn there_is_an_end_to_the_number_of_parameters() {
    let many = |n: usize| {
        (0..n)
            .map(|i| format!("p{i}=1"))
            .collect::<Vec<_>>()
            .join("&")
    };
    assert!(Params::parse(&many(PARAMS_MAX)).is_ok());
    assert_eq!(
        Params::parse(&many(PARAMS_MAX + 1)).unwrap_err().code,
        Code::InvalidParameter
    );
}

#[test]
fn values_are_not_printed() {
    let shown = format!("{:?}", params("client_secret=tbk_hunter2"));
    assert!(
        shown.contains("client_secret") && !shown.contains("hunter2"),
        "{shown}"
    );
}

#[test]
fn only_named_parameters_may_be_given_more_than_once() {
    let mut form = Params::parse_repeating("tag=a%3D1&x=1&tag=b%3D2", &["tag"]).unwrap();
    assert_eq!(form.take_all("tag").unwrap(), ["a=1", "b=2"]);
    assert_eq!(form.take_all("tag").unwrap(), Vec::<String>::new());
    assert_eq!(form.take("x").unwrap().as_deref(), Some("1"));
    form.finish().unwrap();

    let code = |text: &str| {
        Params::parse_repeating(text, &["tag"])
            .and_then(|mut form| form.take_all("tag").map(|_| ()))
            .unwrap_err()
            .code
    };
    assert_eq!(code("x=1&x=2"), Code::DuplicateParameter);
    assert_eq!(code("tag=a&tag="), Code::InvalidParameter);
    assert_eq!(
        code(&vec!["tag=a"; REPEATED_MAX + 1].join("&")),
        Code::InvalidParameter
    );
}
