//! What it serves over HTTP.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc;

use actix_web::dev::ServerHandle;
use actix_web::http::header;
use actix_web::{App, HttpResponse, HttpServer, web};
use serde_json::{Value, json};
use url::{Host, Url};

use crate::keys::Algorithm;
use crate::state::State;

/// Serves on a thread of its own, so that it does not matter what runtime the caller has, if any.
pub fn run(listener: TcpListener, state: Arc<State>) -> io::Result<ServerHandle> {
    let (started, starting) = mpsc::channel();
    let serve = move || {
        actix_web::rt::System::new().block_on(async move {
            let data = web::Data::from(state);
            let app = move || App::new().app_data(data.clone()).configure(routes);
            let server = HttpServer::new(app)
                .workers(1)
                .disable_signals()
                .listen(listener)
                .map(HttpServer::run);
            match server {
                Ok(server) => {
                    drop(started.send(Ok(server.handle())));
                    drop(server.await);
                }
                Err(error) => drop(started.send(Err(error))),
            }
        });
    };
    std::thread::Builder::new()
        .name("issuer".to_owned())
        .spawn(serve)?;
    starting
        .recv()
        .unwrap_or_else(|_| Err(io::Error::other("the issuer's thread ended")))
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .route(
            "/.well-known/openid-configuration",
            web::get().to(discovery),
        )
        .route("/authorize", web::get().to(authorize))
        .default_service(web::to(keys));
}

async fn discovery(state: web::Data<State>) -> HttpResponse {
    state.n_discovery.fetch_add(1, Ordering::SeqCst);
    let inner = state.read();
    if inner.is_down {
        return HttpResponse::ServiceUnavailable().finish();
    }
    let url = &state.url;
    HttpResponse::Ok().json(json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/authorize"),
        "jwks_uri": format!("{url}{}", inner.jwks_path),
        "response_types_supported": ["id_token"],
        "response_modes_supported": ["fragment"],
        "subject_types_supported": ["public"],
        "scopes_supported": ["openid"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
    }))
}

/// The keys, at whatever address the discovery document names.
async fn keys(state: web::Data<State>, request: actix_web::HttpRequest) -> HttpResponse {
    let inner = state.read();
    if request.path() != inner.jwks_path {
        return HttpResponse::NotFound().finish();
    }
    state.n_keys.fetch_add(1, Ordering::SeqCst);
    if inner.is_down {
        return HttpResponse::ServiceUnavailable().finish();
    }
    let published: Vec<Value> = std::iter::once(&inner.present)
        .chain(&inner.old)
        .flat_map(|ring| ring.public())
        .collect();
    let mut response = HttpResponse::Ok();
    if let Some(value) = &inner.cache_control {
        response.insert_header((header::CACHE_CONTROL, value.as_str()));
    }
    response.json(json!({ "keys": published }))
}

/// A login by the implicit flow (OpenID Connect Core 1.0, section 3.2). `login_hint` stands for what a person would type.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Authorize {
    response_type: String,
    client_id: String,
    redirect_uri: String,
    scope: String,
    nonce: String,
    login_hint: String,
    #[serde(default)]
    state: Option<String>,
    /// `ES256` or, if absent, `RS256`.
    #[serde(default)]
    id_token_signed_response_alg: Option<String>,
}

async fn authorize(state: web::Data<State>, query: web::Query<Authorize>) -> HttpResponse {
    let query = query.into_inner();
    let refuse = |why: &str| {
        HttpResponse::BadRequest()
            .json(json!({ "error": "invalid_request", "error_description": why }))
    };
    let algorithm = match query.id_token_signed_response_alg.as_deref() {
        None | Some("RS256") => Algorithm::Rs256,
        Some("ES256") => Algorithm::Es256,
        Some(_) => return refuse("unknown algorithm"),
    };
    if query.response_type != "id_token" || !query.scope.split(' ').any(|scope| scope == "openid") {
        return refuse("only response_type id_token with scope openid");
    }
    let Some(mut back) = loopback(&query.redirect_uri) else {
        return refuse("the redirect_uri is not one on loopback");
    };
    let claims = {
        let inner = state.read();
        let user = inner.users.get(&query.login_hint);
        let Some(user) = user.filter(|_| inner.clients.contains(&query.client_id)) else {
            return refuse("unknown client or user");
        };
        let mut claims = state.claims(&user.subject, &query.client_id);
        claims.extend(user.claims.clone());
        claims.insert("nonce".to_owned(), json!(query.nonce));
        claims
    };
    let Ok(token) = state.token(algorithm, &claims) else {
        return HttpResponse::InternalServerError().finish();
    };
    let mut answer = url::form_urlencoded::Serializer::new(String::new());
    answer.append_pair("id_token", &token);
    if let Some(state) = &query.state {
        answer.append_pair("state", state);
    }
    back.set_fragment(Some(&answer.finish()));
    HttpResponse::Found()
        .insert_header((header::LOCATION, back.as_str()))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish()
}

fn loopback(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let is_loopback = match url.host()? {
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
        Host::Domain(name) => name == "localhost",
    };
    is_loopback.then_some(url)
}
