use std::collections::BTreeSet;

use serde_json::json;

use super::*;

async fn body(response: HttpResponse) -> Value {
    let bytes = actix_web::body::to_bytes(response.into_body())
        .await
        .unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

fn context(form: ErrorForm) -> Context<'static> {
    Context {
        public_url: "https://iam.example.com",
        instance: "/v1/accounts/111122223333/roles/deploy",
        request_id: "01938f2c-7d5e-7a10-9c3b-2f6d1e8a4b70",
        form,
        wants_text: false,
    }
}

#[test]
fn slugs_are_codes_with_hyphens_and_all_are_distinct() {
    let mut seen = BTreeSet::new();
    for code in Code::ALL {
        assert_eq!(code.slug(), code.as_str().replace('_', "-"));
        assert_eq!(Code::from_slug(code.slug()), Some(*code));
        assert!(seen.insert(code.as_str()));
    }
    assert_eq!(Code::from_slug("etag_mismatch"), None);
}

#[test]
fn every_code_has_a_page_that_says_what_happened_and_what_to_do() {
    for code in Code::ALL {
        let page = code.page();
        let lines = page.lines().count();
        assert!((5..=14).contains(&lines), "{code}: {lines} lines");
        assert!(
            page.starts_with(&format!("# {}\n\n`{code}`\n\n", code.title())),
            "{code}: the page begins otherwise"
        );
        assert!(
            page.contains("\nWhat to do:\n\n- "),
            "{code}: the page does not say what to do"
        );
    }
}

#[test]
fn there_is_no_page_without_a_code() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/problems");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let slug = path.file_stem().unwrap().to_str().unwrap();
        assert!(Code::from_slug(slug).is_some(), "{}", path.display());
    }
}

#[actix_web::test]
async fn a_problem_is_written_as_rfc_9457_with_our_members() {
    let problem = Problem::new(Code::EtagMismatch, "the role has changed")
        .error(
            FieldError::at("/statement/0", Code::UnknownField, "no")
                .placed(3, 7)
                .coded("unknown_action"),
        )
        .with("etag", "\"s7\"")
        .with("status", 200)
        .with("code", "mine");
    let response = problem.render(&context(ErrorForm::Problem));
    assert_eq!(response.status(), 412);
    assert_eq!(
        response.headers().get("content-type").unwrap(),
        "application/problem+json"
    );
    assert_eq!(
        body(response).await,
        json!({
            "type": "https://iam.example.com/problems/etag-mismatch",
            "title": "The resource has changed",
            "status": 412,
            "code": "etag_mismatch",
            "detail": "the role has changed",
            "instance": "/v1/accounts/111122223333/roles/deploy",
            "request_id": "01938f2c-7d5e-7a10-9c3b-2f6d1e8a4b70",
            "errors": [{"pointer": "/statement/0", "code": "unknown_action", "detail": "no", "line": 3, "column": 7}],
            "etag": "\"s7\"",
        })
    );
}

#[actix_web::test]
async fn the_oauth_form_has_oauths_members_and_is_never_stored() {
    let problem =
        Problem::new(Code::InvalidCredentials, "not accepted").with_oauth_error("invalid_grant");
    let response = problem.render(&context(ErrorForm::OAuth));
    assert_eq!(response.status(), 401);
    assert_eq!(response.headers().get("cache-control").unwrap(), "no-store");
    assert_eq!(
        body(response).await,
        json!({"error": "invalid_grant", "error_description": "not accepted", "error_code": "invalid_credentials",
               "request_id": "01938f2c-7d5e-7a10-9c3b-2f6d1e8a4b70"})
    );
}

#[actix_web::test]
async fn authzens_statuses_win_and_text_is_given_on_request() {
    let problem = Problem::new(Code::UnsupportedMediaType, "must be JSON");
    assert_eq!(problem.render(&context(ErrorForm::Problem)).status(), 415);
    assert_eq!(problem.render(&context(ErrorForm::AuthZen)).status(), 400);
    let text = problem.render(&Context {
        wants_text: true,
        ..context(ErrorForm::AuthZen)
    });
    assert_eq!(
        text.headers().get("content-type").unwrap(),
        "text/plain; charset=utf-8"
    );
    let other = problem.render(&Context {
        wants_text: true,
        ..context(ErrorForm::Problem)
    });
    assert_eq!(
        other.headers().get("content-type").unwrap(),
        "application/problem+json"
    );
}

#[test]
fn http_wants_certain_headers_with_certain_statuses() {
    let header = |problem: Problem, name: &str| {
        let response = problem.render(&context(ErrorForm::Problem));
        response
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(
        header(Problem::unauthenticated(), "www-authenticate").unwrap(),
        "Bearer error=\"invalid_token\""
    );
    assert_eq!(
        header(Problem::no_token(), "www-authenticate").unwrap(),
        "Bearer realm=\"trilby\""
    );
    assert_eq!(
        header(Problem::new(Code::StateBehind, "x"), "retry-after").unwrap(),
        "1"
    );
    assert_eq!(
        header(
            Problem::new(Code::RateLimited, "x")
                .retry_after(9)
                .retry_after(17),
            "retry-after"
        )
        .unwrap(),
        "17"
    );
    assert_eq!(header(Problem::not_found(), "retry-after"), None);
}

#[actix_web::test]
async fn a_cause_is_for_the_log_and_never_for_the_client() {
    let cause = std::io::Error::other("disk /dev/sda1 on fire");
    let problem = Problem::internal(cause);
    assert!(problem.cause_chain().unwrap().contains("sda1"));
    let answer = body(problem.render(&context(ErrorForm::Problem))).await;
    assert!(!answer.to_string().contains("sda1"), "{answer}");
}

#[test]
fn pages_become_html_that_cannot_be_broken_out_of() {
    let html = pages::to_html(
        "# A `b` <c>\n\nText & `code`\nmore.\n\n- one\n  two [x](/problems/y)\n- [not a link](http://x)\n",
    );
    assert_eq!(
        html,
        "<h1>A <code>b</code> &lt;c&gt;</h1>\n<p>Text &amp; <code>code</code> more.</p>\n<ul>\n<li>one two <a href=\"/problems/y\">x</a></li>\n<li>[not a link](http://x)</li>\n</ul>\n"
    );
}
