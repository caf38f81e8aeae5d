//! endoflife.date (<https://endoflife.date/docs/api/v1/>): static files, so that what is missing is a page for people.

use serde_json::{Value, json};

use super::World;
use super::conditional::Stored;
use super::http::{Response, decoded};
use super::server::{Answer, Call, Shared};

pub(super) fn answer(shared: &Shared, call: &Call<'_>) -> Answer {
    let segments: Option<Vec<String>> = call.segments().into_iter().map(decoded).collect();
    let segments = segments.unwrap_or_default();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let ["api", "v1", path @ ..] = segments.as_slice() else { return ("unknown", missing()) };
    if !call.is_get() {
        return ("unknown", Response::html(405, "Method not allowed"));
    }
    let world = shared.world.read().unwrap();
    let (endpoint, found) = match path {
        ["products"] => ("products", Some(list(&world, &world.products.values().map(summary).collect::<Vec<_>>()))),
        ["products", name] => {
            if let Some(newer) = world.renamed_products.get(*name) {
                return ("product", Response::redirect(301, &format!("/endoflife/api/v1/products/{newer}")));
            }
            ("product", world.products.get(*name).map(|product| detail(&world, product)))
        }
        ["products", name, "releases", release] => {
            let product = world.products.get(*name);
            ("release", product.and_then(|product| cycle(product, release)).map(|found| detail(&world, found)))
        }
        ["identifiers", kind] => ("identifiers", identifiers(&world, kind)),
        _ => ("unknown", None),
    };
    let response = found.map_or_else(missing, |value| {
        let modified = time(&world).parse().unwrap_or_default();
        Stored::new(value.to_string().into_bytes(), "application/json", modified).answer(call.request)
    });
    (endpoint, response.with("Access-Control-Allow-Origin", "*"))
}

fn missing() -> Response {
    Response::html(404, "Page not found")
}

/// When all files were made.
fn time(world: &World) -> String {
    format!("{}T00:12:23Z", world.today)
}

fn list(world: &World, result: &[Value]) -> Value {
    json!({"schema_version": "1.2.1", "generated_at": time(world), "total": result.len(), "result": result})
}

fn detail(world: &World, result: &Value) -> Value {
    json!({"schema_version": "1.2.1", "generated_at": time(world), "last_modified": time(world), "result": result})
}

fn uri(product: &Value) -> String {
    format!("https://endoflife.date/api/v1/products/{}", product["name"].as_str().unwrap_or_default())
}

fn summary(product: &Value) -> Value {
    json!({
        "name": product["name"], "label": product["label"], "aliases": product["aliases"],
        "category": product["category"], "tags": product["tags"], "uri": uri(product),
    })
}

fn cycle<'p>(product: &'p Value, release: &str) -> Option<&'p Value> {
    let mut releases = product["releases"].as_array()?.iter();
    if release == "latest" { releases.next() } else { releases.find(|known| known["name"] == release) }
}

/// Every identifier of that kind with its product.
fn identifiers(world: &World, kind: &str) -> Option<Value> {
    let mut rows = Vec::new();
    for product in world.products.values() {
        for identifier in product["identifiers"].as_array().into_iter().flatten().filter(|known| known["type"] == kind)
        {
            rows.push(json!({
                "identifier": identifier["id"], "product": {"name": product["name"], "uri": uri(product)},
            }));
        }
    }
    matches!(kind, "purl" | "cpe" | "repology").then(|| list(world, &rows))
}
