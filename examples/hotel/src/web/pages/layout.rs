use maud::{DOCTYPE, Markup, html};

/// A page with the hotel's head and foot around its body.
pub(in crate::web) fn layout(title: &str, body: &Markup) -> Markup {
    layout_with(title, &html! {}, body)
}

/// The same, with something more for the browser to know.
pub(super) fn layout_with(title: &str, head: &Markup, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · Hotel Procession" }
                link rel="icon" type="image/svg+xml" href="/assets/bell.svg";
                link rel="stylesheet" href="/assets/desk.css";
                script src="/assets/desk.js" defer {}
                (head)
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                header.top {
                    a.brand href="/" {
                        img src="/assets/bell.svg" alt="" width="28" height="28";
                        span { "Hotel Procession" }
                    }
                    nav aria-label="Main" {
                        a href="/" { "Front desk" }
                        a href="/availability" { "Rooms" }
                        a href="/api/docs" { "API" }
                    }
                }
                main id="main" { (body) }
            }
        }
    }
}
