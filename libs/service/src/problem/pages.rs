//! `/problems` and `/problems/{slug}`: what each problem means and what to do about it.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};

use super::{Code, Problem};

/// Adds the pages. They are the same for everyone and need no credential.
pub(crate) fn pages(config: &mut web::ServiceConfig) {
    config
        .service(crate::server::resource(
            "/problems",
            [("GET", web::to(index))],
        ))
        .service(crate::server::resource(
            "/problems/{slug}",
            [("GET", web::to(page))],
        ));
}

async fn index(request: HttpRequest) -> HttpResponse {
    let mut text = String::from("# Problems\n\nEvery refusal has one of these codes.\n\n");
    for code in Code::ALL {
        text.push_str(&format!(
            "- [`{code}`](/problems/{}) ({}): {}\n",
            code.slug(),
            code.status().as_u16(),
            code.title()
        ));
    }
    answer(&request, "Problems", &text)
}

async fn page(request: HttpRequest, slug: web::Path<String>) -> Result<HttpResponse, Problem> {
    let code = Code::from_slug(&slug).ok_or_else(Problem::not_found)?;
    Ok(answer(&request, code.title(), code.page()))
}

fn answer(request: &HttpRequest, title: &str, markdown: &str) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .insert_header((header::VARY, "Accept"));
    if accepts_html(request) {
        response
            .content_type("text/html; charset=utf-8")
            .body(html_page(title, markdown))
    } else {
        response
            .content_type("text/markdown; charset=utf-8")
            .body(markdown.to_owned())
    }
}

fn accepts_html(request: &HttpRequest) -> bool {
    request
        .headers()
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

fn html_page(title: &str, markdown: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title></head>\n<body>\n{}</body></html>\n",
        escape(title),
        to_html(markdown)
    )
}

/// The little markdown that our pages use: headings, paragraphs, `- ` lists, `code` and links to other pages.
pub(super) fn to_html(markdown: &str) -> String {
    let mut html = String::new();
    for block in markdown
        .split("\n\n")
        .map(str::trim)
        .filter(|block| !block.is_empty())
    {
        if let Some(heading) = block.strip_prefix("# ") {
            html.push_str(&format!("<h1>{}</h1>\n", inline(heading)));
        } else if block.starts_with("- ") {
            html.push_str(&list(block));
        } else {
            html.push_str(&format!("<p>{}</p>\n", inline(&block.replace('\n', " "))));
        }
    }
    html
}

fn list(block: &str) -> String {
    let mut items: Vec<String> = Vec::new();
    for line in block.lines() {
        match (line.strip_prefix("- "), items.last_mut()) {
            (Some(item), _) => items.push(item.to_owned()),
            (None, Some(last)) => {
                last.push(' ');
                last.push_str(line.trim());
            }
            (None, None) => {}
        }
    }
    let items: String = items
        .iter()
        .map(|item| format!("<li>{}</li>\n", inline(item)))
        .collect();
    format!("<ul>\n{items}</ul>\n")
}

/// Escapes a line, then marks what stands between backticks and links of the form `[text](/path)`.
fn inline(text: &str) -> String {
    let escaped = escape(text);
    let mut html = String::new();
    for (at, part) in escaped.split('`').enumerate() {
        if at > 0 {
            html.push_str(if at % 2 == 1 { "<code>" } else { "</code>" });
        }
        html.push_str(part);
    }
    links(&html)
}

fn links(text: &str) -> String {
    let mut html = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        let link = after
            .split_once("](/")
            .and_then(|(label, tail)| tail.split_once(')').map(|(path, tail)| (label, path, tail)));
        html.push_str(before);
        match link {
            Some((label, path, tail)) => {
                html.push_str(&format!("<a href=\"/{path}\">{label}</a>"));
                rest = tail;
            }
            None => {
                html.push('[');
                rest = after;
            }
        }
    }
    html.push_str(rest);
    html
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
