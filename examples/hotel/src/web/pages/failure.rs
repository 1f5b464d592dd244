use maud::{Markup, html};

use super::layout;
use crate::web::problem::Problem;

/// What went wrong, and the way back.
pub(crate) fn failure(problem: &Problem) -> Markup {
    let status = problem.kind.status().as_u16();
    layout(
        problem.kind.title(),
        &html! {
            section.panel.narrow {
                p.eyebrow { "Error " (status) }
                h1 { (problem.kind.title()) }
                p { (problem.detail) "." }
                p { a.button href="/" { "Back to the front desk" } }
            }
        },
    )
}
