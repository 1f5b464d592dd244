use axum::{
    Json,
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{Problem, ProblemKind};
use crate::web::pages;

/// Writes problems as documents for programs, and as pages for people.
pub(crate) async fn present(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    // What is not well says so in a document of its own.
    if is_document(&response) {
        return response;
    }
    // Without a problem it is an answer of the HTTP library's own.
    let unknown = || Problem::new(ProblemKind::of_status(status), "the request cannot be understood");
    let problem: Problem = response.extensions_mut().remove().unwrap_or_else(unknown);
    let status = problem.kind.status();
    let mut presented = if is_for_programs(&path) {
        let kind = HeaderValue::from_static("application/problem+json");
        ([(header::CONTENT_TYPE, kind)], document(problem, &path)).into_response()
    } else {
        pages::failure(&problem).into_response()
    };
    *presented.status_mut() = status;
    keep_headers(response.headers_mut(), presented.headers_mut());
    presented
}

fn is_document(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    response.extensions().get::<Problem>().is_none() && kind.is_some_and(|it| it == "application/json")
}

fn document(problem: Problem, path: &str) -> axum::body::Body {
    Json(problem.document(path)).into_response().into_body()
}

fn is_for_programs(path: &str) -> bool {
    ["/api", "/health", "/metrics"]
        .iter()
        .any(|it| path.strip_prefix(it).is_some_and(|it| it.is_empty() || it.starts_with('/')))
}

fn keep_headers(from: &mut HeaderMap, to: &mut HeaderMap) {
    for name in [header::ALLOW, header::ETAG, header::RETRY_AFTER] {
        if let Some(value) = from.remove(&name) {
            to.insert(name, value);
        }
    }
}

pub(crate) async fn unknown_path(uri: Uri) -> Problem {
    Problem::new(ProblemKind::NotFound, format!("there is nothing at {}", uri.path()))
}

pub(crate) async fn wrong_method(method: Method, uri: Uri) -> Problem {
    Problem::new(ProblemKind::WrongMethod, format!("{method} is not possible at {}", uri.path()))
}

/// A form on another site must not be able to check guests out in the name of whoever looks at it.
pub(crate) async fn refuse_other_sites(request: Request, next: Next) -> Response {
    if request.method().is_safe() || is_from_here(request.headers()) {
        return next.run(request).await;
    }
    Problem::new(ProblemKind::OtherSite, "commands are taken from the hotel's own pages and from programs")
        .into_response()
}

/// Browsers name the origin of every form; other programs name none.
fn is_from_here(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let site = origin.to_str().ok().and_then(|it| it.split_once("://")).map(|(_, site)| site);
    let host = headers.get(header::HOST).and_then(|it| it.to_str().ok());
    site.is_some() && site == host
}
