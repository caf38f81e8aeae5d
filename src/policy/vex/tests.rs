use jiff::civil::Date;

use super::*;
use crate::model::{
    AdvisoryKind, AliasGroup, Decision, DependencyGraph, Diagnostic, Ecosystem, ExceptionOrigin, ExceptionState,
    ExceptionStatus, Facts, Subject,
};
use crate::policy::{Policy, Profile, decide};
use crate::rule;
use crate::rule::tests_support::{Tree, exploited, group, record, vulnerability};

const TODAY: Date = Date::constant(2026, 11, 22);

/// A project `app` (0.1.0) that needs `lodash` 4.17.20, which `GHSA-1` (alias `CVE-1`) and `GHSA-2` (`CVE-2`) hit.
fn here() -> (DependencyGraph, Facts) {
    let mut tree = Tree::new("package-lock.json", "package-lock", Ecosystem::Npm);
    let lodash = tree.package("lodash", "4.17.20");
    tree.needs(0, lodash, None);
    for number in ["1", "2"] {
        let record = record(&format!("GHSA-{number}"), &[&format!("CVE-{number}")], AdvisoryKind::Vulnerability);
        tree.hit(lodash, group(vec![record], Some(9.8), None));
    }
    tree.finish()
}

fn judged(
    (graph, facts): &(DependencyGraph, Facts),
    documents: &[&str],
) -> (Vec<Decision>, Vec<ExceptionStatus>, Vec<Diagnostic>) {
    let mut policy = Policy::built_in(Profile::Brownfield, &rule::rules());
    policy.project = Some("github.com/acme/app".to_owned());
    policy.vex = documents.iter().map(|text| parse("vex.json", text).unwrap()).collect();
    let parameters = rule::Parameters::default();
    let (findings, _) = rule::find(&rule::View { graph, facts, parameters: &parameters, today: TODAY });
    let remarks = remarks(&policy.vex, graph, policy.project.as_deref());
    let (decisions, statuses) = decide(findings, graph, &policy, TODAY);
    (decisions, statuses, remarks)
}

/// The advisories of which the finding is covered, sorted.
fn covered_in(of: &(DependencyGraph, Facts), documents: &[&str]) -> Vec<String> {
    let (decisions, ..) = judged(of, documents);
    let covered = decisions.iter().filter(|decision| decision.exception.is_some());
    let mut ids: Vec<String> =
        covered.map(|decision| decision.finding.advisory.as_ref().unwrap().key().id.clone()).collect();
    ids.sort();
    ids
}

fn covered(documents: &[&str]) -> Vec<String> {
    covered_in(&here(), documents)
}

/// An OpenVEX document of these statements.
fn openvex(statements: &[serde_json::Value]) -> String {
    serde_json::json!({
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://host.example/vex/1",
        "author": "Acme Security", "timestamp": "2026-11-01T08:00:00Z", "version": 1, "statements": statements,
    })
    .to_string()
}

fn statement(vulnerability: &str, product: &str, status: &str) -> serde_json::Value {
    serde_json::json!({
        "vulnerability": {"name": vulnerability}, "products": [{"@id": product}], "status": status,
        "justification": "vulnerable_code_not_in_execute_path", "impact_statement": "template() is never called.",
    })
}

fn within(vulnerability: &str, product: &str, component: &str) -> serde_json::Value {
    let mut statement = statement(vulnerability, product, "not_affected");
    statement["products"][0]["subcomponents"] = serde_json::json!([{"@id": component}]);
    statement
}

#[test]
fn a_statement_becomes_an_exception_with_its_reason_author_and_place() {
    let text =
        openvex(&[statement("CVE-1", "pkg:npm/lodash@4.17.20", "not_affected")]).replace("{\"impact", "\n{\"impact");
    let (decisions, statuses, remarks) = judged(&here(), &[&text]);
    assert!(remarks.is_empty(), "{remarks:?}");
    let applied = decisions.iter().find_map(|decision| decision.exception.clone()).unwrap();
    assert_eq!(applied.id, "CVE-1 pkg:npm/lodash@4.17.20");
    assert_eq!(applied.reason, "vulnerable code not in execute path: template() is never called.");
    assert_eq!((applied.origin, applied.owner.as_deref()), (ExceptionOrigin::Vex, Some("Acme Security")));
    assert_eq!((&*applied.location.path, applied.location.line), ("vex.json", 2));
    let [status] = &statuses[..] else { panic!("{statuses:?}") };
    assert_eq!((status.state, status.findings, status.origin), (ExceptionState::Used, 1, ExceptionOrigin::Vex));
}

#[test]
fn products_are_here_or_nothing_is_covered() {
    let of = |statement: serde_json::Value| covered(&[&openvex(&[statement])]);
    let lodash = |status| of(statement("CVE-1", "pkg:npm/lodash@4.17.20", status));
    assert_eq!(lodash("not_affected"), ["GHSA-1"]);
    assert_eq!(lodash("fixed"), ["GHSA-1"]);
    assert!(lodash("affected").is_empty() && lodash("under_investigation").is_empty());
    assert_eq!(of(statement("cve-1", "pkg:npm/lodash", "not_affected")), ["GHSA-1"], "without a version, all of them");
    assert!(of(statement("CVE-1", "pkg:npm/lodash", "fixed")).is_empty(), "fixed, but in which version?");
    assert!(of(statement("CVE-1", "pkg:npm/lodash@4.17.21", "not_affected")).is_empty());
    assert!(of(statement("CVE-3", "pkg:npm/lodash", "not_affected")).is_empty());
    assert!(of(statement("CVE-1", "https://host.example/lodash", "not_affected")).is_empty());
    // The scanned project, as a whole and for one component.
    assert_eq!(of(statement("CVE-1", "pkg:npm/app@0.1.0", "not_affected")), ["GHSA-1"]);
    assert_eq!(of(statement("CVE-1", "pkg:npm/app", "fixed")), ["GHSA-1"]);
    assert!(of(statement("CVE-1", "pkg:npm/app@2.0.0", "not_affected")).is_empty());
    assert_eq!(of(within("CVE-1", "pkg:npm/app@0.1.0", "pkg:npm/lodash")), ["GHSA-1"]);
    assert!(of(within("CVE-1", "pkg:npm/app@0.1.0", "pkg:npm/lodash@1.0.0")).is_empty());
    assert_eq!(of(within("CVE-1", "pkg:github/Acme/App@v1", "pkg:npm/lodash")), ["GHSA-1"], "as --project says");
    assert!(of(within("CVE-1", "pkg:github/acme/other", "pkg:npm/lodash")).is_empty());
    // Somebody else's program that happens to use the same component.
    assert!(of(within("CVE-1", "pkg:npm/other@1.0.0", "pkg:npm/lodash")).is_empty());
    assert!(of(within("CVE-1", "pkg:npm/lodash", "pkg:npm/lodash")).is_empty());
}

#[test]
fn what_is_not_here_is_counted() {
    let texts = |statements: &[serde_json::Value]| {
        let remarks = judged(&here(), &[&openvex(statements)]).2;
        remarks.into_iter().map(|remark| remark.message).collect::<Vec<_>>().join("\n")
    };
    let ours = statement("CVE-1", "pkg:npm/lodash", "not_affected");
    let theirs = statement("CVE-1", "pkg:npm/other", "not_affected");
    assert_eq!(texts(std::slice::from_ref(&ours)), "");
    assert_eq!(texts(&[ours.clone(), theirs.clone()]), "1 of its 2 statements names products that are not here");
    let two = [ours.clone(), theirs.clone(), statement("CVE-1", "urn:x", "affected")];
    assert_eq!(texts(&two), "2 of its 3 statements name products that are not here");
    assert!(texts(&[theirs]).starts_with("no statement of this VEX document is about a product that is here"));
    assert!(texts(&[ours, statement("CVE-1", "pkg:npm/lodash", "fixed")]).starts_with("1 statement says \"fixed\""));
    let unused = judged(&here(), &[&openvex(&[statement("CVE-9", "pkg:npm/lodash", "not_affected")])]).1;
    assert_eq!(unused.iter().map(|status| status.state).collect::<Vec<_>>(), [ExceptionState::Unused]);
}

#[test]
fn the_latest_statement_holds() {
    let at = |status: &str, time: Option<&str>| {
        let mut statement = statement("CVE-1", "pkg:npm/lodash@4.17.20", status);
        if let Some(time) = time {
            statement["timestamp"] = time.into();
        }
        statement
    };
    let (early, late) = (Some("2026-11-02T00:00:00Z"), Some("2026-11-03T00:00:00+01:00"));
    for (first, second, expected) in [
        (at("not_affected", early), at("affected", late), &[][..]),
        (at("affected", late), at("not_affected", early), &[]),
        (at("affected", early), at("not_affected", late), &["GHSA-1"]),
        (at("not_affected", late), at("under_investigation", early), &["GHSA-1"]),
        // Without a time of its own, a statement has the document's.
        (at("not_affected", None), at("affected", early), &[]),
        // What contradicts itself clears nothing.
        (at("affected", early), at("not_affected", early), &[]),
        // A moment that nobody can read may be later than any.
        (at("affected", Some("lately")), at("not_affected", late), &[]),
    ] {
        assert_eq!(covered(&[&openvex(&[first.clone(), second.clone()])]), expected, "{first} {second}");
        assert_eq!(covered(&[&openvex(&[first]), &openvex(&[second])]), expected, "in two documents");
    }
    let old = openvex(&[at("affected", None)]);
    let new = openvex(&[at("not_affected", None)]).replace("\"version\":1", "\"version\":2");
    assert_eq!(covered(&[&old, &new]), ["GHSA-1"], "a later version of the document");
    assert_eq!(covered(&[&new, &old]), ["GHSA-1"]);
}

#[test]
fn attacks_outweigh_what_was_written_before_them() {
    let mut tree = Tree::new("package-lock.json", "package-lock", Ecosystem::Npm);
    let lodash = tree.package("lodash", "4.17.20");
    tree.needs(0, lodash, None);
    tree.hit(
        lodash,
        AliasGroup { exploited: exploited("CVE-1", "2021-12-10", false), ..vulnerability("CVE-1", Some(9.8), None) },
    );
    tree.hit(lodash, group(vec![record("MAL-1", &[], AdvisoryKind::Malware)], None, None));
    let of = tree.finish();
    let both = ["CVE-1", "MAL-1"].map(|id| statement(id, "pkg:npm/lodash", "not_affected"));
    assert!(covered_in(&of, &[&openvex(&both)]).is_empty());
}

#[test]
fn any_id_of_a_vulnerability_is_as_good_as_another() {
    let mut tree = Tree::new("package-lock.json", "package-lock", Ecosystem::Npm);
    let lodash = tree.package("lodash", "4.17.20");
    tree.needs(0, lodash, None);
    let of = |id, aliases: &[&str]| record(id, aliases, AdvisoryKind::Vulnerability);
    tree.hit(lodash, group(vec![of("GHSA-1", &["CVE-1"]), of("OSV-1", &["GHSA-1"])], Some(9.8), None));
    let tree = tree.finish();
    for id in ["CVE-1", "GHSA-1", "osv-1"] {
        let text = openvex(&[statement(id, "pkg:npm/lodash", "not_affected")]);
        assert_eq!(covered_in(&tree, &[&text]), ["GHSA-1"], "{id}");
    }
    let mut alias = statement("ACME-1", "pkg:npm/lodash", "not_affected");
    alias["vulnerability"]["aliases"] = serde_json::json!(["CVE-1"]);
    assert_eq!(covered_in(&tree, &[&openvex(&[alias])]), ["GHSA-1"]);
}

/// A CycloneDX document about `app`.
fn cyclonedx(state: &str, reference: &str, versions: &serde_json::Value) -> String {
    serde_json::json!({
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "metadata": {"timestamp": "2026-11-01T00:00:00Z", "authors": [{"name": "Acme Security"}],
                     "component": {"bom-ref": "root", "type": "application", "name": "app", "version": "0.1.0",
                                   "purl": "pkg:npm/app@0.1.0"}},
        "components": [{"type": "library", "name": "x", "components": [
            {"bom-ref": "l", "type": "library", "name": "lodash", "purl": "pkg:npm/lodash@4.17.20"}]}],
        "vulnerabilities": [
            {"id": "CVE-1", "references": [{"id": "GHSA-1", "source": {}}],
             "analysis": {"state": state, "justification": "code_not_reachable", "detail": "Not called."},
             "affects": [{"ref": reference, "versions": versions}]},
            {"id": "CVE-2", "affects": [{"ref": reference}]}],
    })
    .to_string()
}

#[test]
fn cyclonedx_is_read() {
    let none = serde_json::json!([]);
    for (state, reference, versions, expected) in [
        ("not_affected", "l", &none, &["GHSA-1"][..]),
        ("false_positive", "l", &none, &["GHSA-1"]),
        ("resolved", "l", &none, &["GHSA-1"]),
        ("in_triage", "l", &none, &[]),
        ("exploitable", "l", &none, &[]),
        ("not_affected", "root", &none, &["GHSA-1"]),
        ("not_affected", "pkg:npm/lodash@4.17.20", &none, &["GHSA-1"]),
        ("not_affected", "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#l", &none, &["GHSA-1"]),
        (
            "not_affected",
            "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#pkg%3Anpm%2Flodash%404.17.20",
            &none,
            &["GHSA-1"],
        ),
        ("not_affected", "elsewhere", &none, &[]),
        ("not_affected", "l", &serde_json::json!([{"range": "vers:npm/<4.17.21"}]), &["GHSA-1"]),
        ("not_affected", "l", &serde_json::json!([{"version": "4.17.19", "status": "affected"}]), &[]),
    ] {
        assert_eq!(covered(&[&cyclonedx(state, reference, versions)]), expected, "{state} {reference} {versions}");
    }
    let whole = cyclonedx("not_affected", "l", &none);
    let applied = judged(&here(), &[&whole]).0.into_iter().find_map(|decision| decision.exception).unwrap();
    assert_eq!(applied.reason, "code not reachable: Not called.");
    assert_eq!(applied.owner.as_deref(), Some("Acme Security"));
    assert_eq!(applied.id, "CVE-1 pkg:npm/lodash@4.17.20 in pkg:npm/app@0.1.0");
    assert!(covered(&[&whole.replace("npm/app", "npm/other")]).is_empty(), "another program's bill of materials");
    let unnamed = whole.replace(",\"purl\":\"pkg:npm/app@0.1.0\"", "");
    assert_ne!(unnamed, whole);
    assert_eq!(covered(&[&unnamed]), ["GHSA-1"], "a program without a package URL has a name and a version");
    assert!(covered(&[&unnamed.replace("0.1.0", "0.1.1")]).is_empty());
}

/// A CSAF document that says something of a product.
fn csaf(status: &str, product: &str) -> String {
    serde_json::json!({
        "document": {"category": "csaf_vex", "csaf_version": "2.0", "title": "VEX",
                     "publisher": {"category": "vendor", "name": "Acme", "namespace": "https://host.example"},
                     "tracking": {"id": "A-1", "version": "1.0.0", "current_release_date": "2026-11-01T00:00:00Z"}},
        "product_tree": {
            "branches": [{"category": "vendor", "name": "Acme", "branches": [
                {"category": "product_version", "name": "1.0.0", "product":
                    {"product_id": "app", "name": "app", "product_identification_helper": {"purl": "pkg:npm/app@0.1.0"}}}]}],
            "full_product_names": [{"product_id": "l", "name": "lodash",
                                    "product_identification_helper": {"purl": "pkg:npm/lodash@4.17.20"}}],
            "relationships": [{"category": "default_component_of", "product_reference": "l",
                               "relates_to_product_reference": "app",
                               "full_product_name": {"product_id": "l-in-app", "name": "lodash in app"}}],
            "product_groups": [{"group_id": "g", "product_ids": ["l", "l-in-app"]}]},
        "vulnerabilities": [{"cve": "CVE-1", "product_status": {status: [product]},
                             "flags": [{"label": "component_not_present", "group_ids": ["g"]}],
                             "threats": [{"category": "impact", "details": "Not shipped.", "product_ids": ["l-in-app"]},
                                         {"category": "exploit_status", "details": "None.", "product_ids": ["l"]}]}],
    })
    .to_string()
}

#[test]
fn csaf_is_read() {
    for (status, product, expected) in [
        ("known_not_affected", "l", &["GHSA-1"][..]),
        ("known_not_affected", "app", &["GHSA-1"]),
        ("known_not_affected", "l-in-app", &["GHSA-1"]),
        ("fixed", "l-in-app", &["GHSA-1"]),
        ("known_affected", "l", &[]),
        ("under_investigation", "l", &[]),
        ("recommended", "l", &[]),
        ("known_not_affected", "nowhere", &[]),
    ] {
        assert_eq!(covered(&[&csaf(status, product)]), expected, "{status} {product}");
    }
    let reason = |product| {
        let decisions = judged(&here(), &[&csaf("known_not_affected", product)]).0;
        let applied = decisions.into_iter().find_map(|decision| decision.exception).unwrap();
        assert_eq!(applied.owner.as_deref(), Some("Acme"));
        applied.reason
    };
    assert_eq!(reason("l"), "component not present");
    assert_eq!(reason("l-in-app"), "component not present: Not shipped.");
    assert_eq!(reason("app"), "not affected, without a justification");
}

#[test]
fn in_a_workspace_a_statement_about_one_project_leaves_the_others_alone() {
    let mut tree = Tree::new("Cargo.lock", "cargo-lock", Ecosystem::CratesIo);
    let [shared, own] = [tree.package("shared", "1.0.0"), tree.package("own", "1.0.0")];
    let other = tree.member("other", "0.1.0");
    for (from, to) in [(0, shared), (0, own), (other, shared)] {
        tree.needs(from, to, None);
    }
    for (package, id) in [(shared, "X-1"), (own, "X-2")] {
        tree.hit(package, vulnerability(id, Some(9.8), None));
    }
    let of = tree.finish();
    let about = |products: &[&str]| {
        let statements = ["X-1", "X-2"].map(|id| {
            let mut statement = statement(id, "", "not_affected");
            let products: Vec<_> = products.iter().map(|purl| serde_json::json!({"@id": purl})).collect();
            statement["products"] = products.into();
            statement
        });
        covered_in(&of, &[&openvex(&statements)])
    };
    assert_eq!(about(&["pkg:cargo/app"]), ["X-2"]);
    assert!(about(&["pkg:cargo/other"]).is_empty());
    assert_eq!(about(&["pkg:cargo/app", "pkg:cargo/other"]), ["X-1", "X-2"], "both together are all that use it");
}

#[test]
fn what_is_no_vex_document_is_refused_with_its_line() {
    let whole = openvex(&[statement("CVE-1", "pkg:npm/lodash", "not_affected")]);
    let error = |text: &str| parse("vex.json", text).unwrap_err().to_string();
    let errors = [
        error(""),
        error("{\n\"@context\": 1,\n}"),
        error("[]"),
        error("{}"),
        error(&whole.replace("v0.2.0", "v0.1.0")),
        error(&whole.replace("not_affected", "unaffected")),
        error(&whole.replace("{\"impact", "\n\n{\"impact").replace("\"products\":[", "\"products\":[7,")),
        error(&cyclonedx("fine", "l", &serde_json::json!([]))),
        error(&cyclonedx("resolved", "l", &serde_json::json!([])).replace("1.6", "2.0")),
        error(&csaf("fixed", "l").replace("csaf_vex", "csaf_security_advisory")),
        error(&csaf("fixed", "l").replace("\"2.0\"", "\"3.0\"")),
        error(&"[".repeat(100_000)),
        error(&format!("{{\"document\": {}", "{\"a\":".repeat(100_000))),
        error(&" ".repeat(LARGEST + 1)),
    ];
    insta::assert_snapshot!(errors.join("\n"), @r#"
        vex.json:1: it is no VEX document: EOF while parsing a value
        vex.json:3: it is no VEX document: trailing comma
        vex.json:1: it is no VEX document: invalid type: sequence, expected a map
        vex.json:1: it is no VEX document: neither OpenVEX (`@context`), CycloneDX (`bomFormat`) nor CSAF (`document`)
        vex.json:1: its `@context` is "https://openvex.dev/ns/v0.1.0"; OpenVEX is read as https://openvex.dev/ns/v0.2.0 has it
        vex.json:1: `status` is "unaffected"; OpenVEX has not_affected, affected, fixed and under_investigation
        vex.json:3: it is no VEX document: invalid type: integer `7`, expected a product as an object with `@id`
        vex.json:1: `state` is "fine"; CycloneDX has resolved, resolved_with_pedigree, exploitable, in_triage, false_positive and not_affected
        vex.json:1: its `specVersion` is "2.0"; CycloneDX is read from 1.4 to 1.7
        vex.json:1: its category is "csaf_security_advisory"; of CSAF, csaf_vex is a VEX document
        vex.json:1: its `csaf_version` is "3.0"; CSAF 2.0 and 2.1 are read
        vex.json:1: it is no VEX document: invalid type: sequence, expected a map
        vex.json:1: it is no VEX document: EOF while parsing a value
        vex.json:1: a VEX document is at most 16777216 bytes long
        "#);
}

#[test]
fn hostile_documents_end_soon() {
    let before = std::time::Instant::now();
    let deep = format!(
        "{{\"document\": {{\"category\": \"csaf_vex\", \"csaf_version\": \"2.0\"}}, \"product_tree\": {}1{}}}",
        "{\"branches\": [".repeat(5_000),
        "]}".repeat(5_000)
    );
    assert!(parse("vex.json", &deep).is_err());
    let products: Vec<_> = (0..MOST_PAIRS + 1).map(|_| serde_json::json!({"@id": "pkg:npm/lodash"})).collect();
    let mut many = statement("CVE-1", "", "not_affected");
    many["products"] = products.into();
    assert!(parse("vex.json", &openvex(&[many])).unwrap_err().to_string().contains("200001 products"));
    let statements: Vec<_> = (0..20_000).map(|_| statement("CVE-1", "pkg:npm/app", "not_affected")).collect();
    assert_eq!(covered(&[&openvex(&statements)]), ["GHSA-1"]);
    assert!(before.elapsed().as_secs() < 20);
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[\\[\\]{}\":,a-z@0-9é ]{0,200}", cut in 0_usize..700) {
        let _ = parse("vex.json", &text);
        let whole = openvex(&[within("CVE-1", "pkg:npm/app", "pkg:npm/lodash")]);
        for whole in [whole, cyclonedx("resolved", "l", &serde_json::json!([])), csaf("fixed", "l")] {
            let head: String = whole.chars().take(cut).collect();
            let _ = parse("vex.json", &format!("{head}{text}"));
        }
    }

    #[test]
    fn no_range_makes_it_panic(text in "(vers:npm/)?[<>=!|*0-9.a-z é]{0,40}", purl in "pkg:(npm|cargo|github|x)/[@/a-z0-9.?#%-]{0,20}") {
        let _ = Product::of("pkg:npm/lodash").in_versions(&[text]);
        let _ = Product::of(&purl);
    }
}

#[test]
fn the_subject_of_a_claim_is_a_package() {
    let of = here();
    let claims =
        claims(&[parse("vex.json", &openvex(&[statement("CVE-1", "pkg:npm/app", "fixed")])).unwrap()], &of.0, None);
    let finding = judged(&of, &[]).0.into_iter().next().unwrap().finding;
    let project = crate::model::Finding { subject: Subject::Project, ..finding };
    assert!(claims.iter().all(|claim| !claim.names(&of.0, &project)));
}
