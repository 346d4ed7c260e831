//! Pages in browsers: which of them may read an answer (the Fetch standard's CORS protocol).
//!
//! An account lists the origins of its pages in its setting `security.allowed_origins`. They are compared whole, never as
//! patterns, and never with credentials: browsers send us nothing of their own accord, so a page can do nothing by the mere
//! visit of somebody who is logged in.
//!
//! INVARIANT: an answer names an origin only if the account that the answer is about allows it. A preflight for a path that
//! names no account cannot be answered so: it comes without token and body. It may be followed by the request, as any
//! program may send one; whether the page may read what comes of it is decided on that answer.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use trilby_model::AccountId;
use trilby_service::headers::single;
use trilby_service::problem::Problem;

use crate::operation::{Browsers, Operation};
use crate::services::Services;

/// The path parameter that names an account.
const ACCOUNT: &str = "account";

/// What a page may send: the headers that our operations read.
const SENT: &str = "authorization, content-type, idempotency-key, trilby-at-seq, trilby-at-time, trilby-explain, \
    trilby-min-seq, x-request-id";

/// What a page may read besides the body.
const READ: &str = "etag, retry-after, trilby-decision-id, trilby-hint, trilby-request-id, trilby-seq, trilby-stale, \
    www-authenticate, x-request-id";

/// How long a browser may remember a preflight, in seconds: an origin that is taken from the list is shut out that soon.
const PREFLIGHT_S: &str = "600";

/// The page that a request comes from, and whose word counts on it.
pub(crate) struct Page {
    /// None: no page asks, or the operation is not for pages.
    origin: Option<HeaderValue>,
    varies: bool,
    account: Option<AccountId>,
}

impl Page {
    /// The page behind a request of this operation. The path may say already whose page it must be.
    pub(crate) fn of<Op: Operation>(request: &HttpRequest) -> Self {
        let varies = Op::BROWSERS == Browsers::OfAccount;
        Self {
            origin: varies.then(|| origin(request.headers())).flatten(),
            varies,
            account: account_in_path(request),
        }
    }

    /// The account is this one, unless the path said so before.
    pub(crate) fn is_of(&mut self, account: impl FnOnce() -> Option<AccountId>) {
        if self.origin.is_some() && self.account.is_none() {
            self.account = account();
        }
    }

    /// The answer, readable by the page if its origin is allowed.
    pub(crate) async fn show(
        self,
        services: &Services,
        answer: Result<HttpResponse, Problem>,
    ) -> Result<HttpResponse, Problem> {
        if !self.varies {
            return answer;
        }
        let mut headers = vec![vary()];
        if let Some((origin, account)) = self.origin.zip(self.account)
            && is_allowed(services, account, &origin).await
        {
            headers.push((header::ACCESS_CONTROL_ALLOW_ORIGIN, origin));
            let read = HeaderValue::from_static(READ);
            headers.push((header::ACCESS_CONTROL_EXPOSE_HEADERS, read));
        }
        match answer {
            Ok(mut response) => {
                for (name, value) in headers {
                    response.headers_mut().append(name, value);
                }
                Ok(response)
            }
            Err(problem) => Err(headers.into_iter().fold(problem, |problem, (name, value)| {
                problem.with_header(name, value)
            })),
        }
    }
}

/// Answers a preflight for a path whose operations for pages have these methods.
pub(crate) async fn preflight(
    request: &HttpRequest,
    services: &Services,
    methods: &str,
) -> HttpResponse {
    let mut response = HttpResponse::NoContent();
    response.append_header(vary());
    response.append_header((header::ALLOW, methods));
    let Some(origin) = origin(request.headers()) else {
        return response.finish();
    };
    let allowed = match account_in_path(request) {
        Some(account) => is_allowed(services, account, &origin).await,
        None => request.match_info().get(ACCOUNT).is_none(),
    };
    if allowed {
        response
            .append_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, origin))
            .append_header((header::ACCESS_CONTROL_ALLOW_METHODS, methods))
            .append_header((header::ACCESS_CONTROL_ALLOW_HEADERS, SENT))
            .append_header((header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_S));
    }
    response.finish()
}

/// Whether an account has this origin in its list, exactly as the browser writes it.
async fn is_allowed(services: &Services, account: AccountId, origin: &HeaderValue) -> bool {
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    match services.directory().account(account).await {
        Ok(view) => {
            let security = &view.state.settings().security;
            security.allowed_origins.contains(origin)
        }
        // Nothing is allowed because something failed.
        Err(error) => {
            tracing::debug!(account.id = %account, %error, "nothing is known of the origins of this account");
            false
        }
    }
}

/// The page's origin. One that is hidden (`null`) is nobody's.
fn origin(headers: &HeaderMap) -> Option<HeaderValue> {
    let origin = single(headers, header::ORIGIN.as_str()).ok().flatten()?;
    let named = origin.starts_with("https://") || origin.starts_with("http://");
    let origin = HeaderValue::from_str(origin).ok();
    origin.filter(|_| named)
}

fn account_in_path(request: &HttpRequest) -> Option<AccountId> {
    request.match_info().get(ACCOUNT)?.parse().ok()
}

fn vary() -> (HeaderName, HeaderValue) {
    (header::VARY, HeaderValue::from_static("origin"))
}
