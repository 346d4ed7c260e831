//! One path with its methods.

use actix_web::http::Method;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{Resource, Route, guard, web};

use crate::problem::{Code, Problem};

/// A path that knows these methods, and answers every other with 405 and `Allow`.
///
/// All methods of a path must come in one call: actix gives a request to the first resource whose path fits.
/// Routes are made by `web::to(handler)`, without a guard of their own. HEAD is answered like GET, without the body.
pub fn resource(path: &str, routes: impl IntoIterator<Item = (&'static str, Route)>) -> Resource {
    let mut resource = web::resource(path);
    let mut allow: Vec<&'static str> = Vec::new();
    for (name, route) in routes {
        allow.push(name);
        resource = match Method::from_bytes(name.as_bytes()) {
            Ok(Method::GET) => {
                allow.push("HEAD");
                resource.route(route.guard(guard::Any(guard::Get()).or(guard::Head())))
            }
            Ok(method) => resource.route(route.guard(guard::Method(method))),
            Err(_) => resource,
        };
    }
    let allow = allow.join(", ");
    resource.default_service(web::to(move || {
        let allow = allow.clone();
        async move { Err::<actix_web::HttpResponse, Problem>(method_not_allowed(&allow)) }
    }))
}

fn method_not_allowed(allow: &str) -> Problem {
    let problem = Problem::new(Code::MethodNotAllowed, format!("this path knows {allow}"));
    match HeaderValue::from_str(allow) {
        Ok(value) => problem.with_header(header::ALLOW, value),
        Err(_) => problem,
    }
}
