//! Asking the OSV API: the same findings as from the index, few requests, and nothing passed over that it does not tell.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use osprey::database::{UpdateOptions, update};
use serde_json::Value;

use crate::health::product;
use crate::services::{Fault, Mode, On, RetryAfter, Service, Services, Settings, Silent, To, World};
use crate::support::{Run, TODAY, Tree, run};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// The services with the advisories of the fixtures.
fn services(settings: Settings) -> Services {
    let mut world = World::default();
    world.load_bucket(&fixtures().join("bucket"));
    // Lists that hold nothing are not believed.
    world.kev.add("CVE-1999-0001", "2021-12-10");
    world.epss.set("CVE-1999-0001", "0.01", "0.5");
    world.products.insert("made".to_owned(), product("made", "pkg:pypi/made", &[("1.0", "2030-01-31", false)]));
    Services::with(world, settings)
}

/// A scan that asks those services, and nobody else about advisories.
fn scan(tree: &Tree, services: &Services, arguments: &[&str]) -> Run {
    let mut command = tree.asking(&["scan", "--source", "api", "--today", TODAY, "--policy"]);
    // What asks about health asks other services, and is tried by itself.
    let policy = tree.path("api.toml");
    let off = "version = 1\n[rules]\nknown-exploited = \"off\"\nunmaintained-package = \"off\"\n\
               withdrawn-version = \"off\"\nlookalike-name = \"off\"\n";
    let known: Vec<String> = osprey::rule::rules().iter().map(|rule| rule.id.to_owned()).collect();
    let is_known = |line: &&str| !line.contains("= \"off\"") || known.iter().any(|id| line.starts_with(&**id));
    std::fs::write(&policy, off.lines().filter(is_known).collect::<Vec<_>>().join("\n")).unwrap();
    command.arg(policy).args(arguments).envs(services.environment());
    run(&mut command)
}

/// The findings of a report, without what says where the knowledge is from.
fn findings(run: &Run) -> Value {
    run.json()["findings"].clone()
}

/// A tree with the lockfile of the demo.
fn tree() -> Tree {
    let demo = fixtures().join("demo");
    let read = |path: &str| std::fs::read_to_string(demo.join(path)).unwrap();
    Tree::of(&[
        ("web/package.json", &read("web/package.json")),
        ("web/package-lock.json", &read("web/package-lock.json")),
    ])
}

/// The index of the same advisories.
fn index() -> &'static str {
    static INDEX: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = INDEX.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let options = UpdateOptions { from: vec![fixtures().join("bucket")], ecosystems: Vec::new(), as_of: None };
        update(folder.path(), &options, &mut |_| {}).unwrap();
        folder
    });
    folder.path().to_str().unwrap()
}

/// What the index says of that tree under the same policy.
fn by_index(tree: &Tree) -> Run {
    tree.run(&["scan", "--source", "index", "--db", index(), "--today", TODAY, "--policy", "api.toml", "-o", "json"])
}

#[test]
fn the_service_and_the_index_find_the_same() {
    let tree = tree();
    for mode in [Mode::ByName, Mode::Pruned] {
        let services = services(Settings { mode, ..Settings::default() });
        let online = scan(&tree, &services, &["-o", "json"]).exits(1);
        assert!(!findings(&online).as_array().unwrap().is_empty());
        assert_eq!(findings(&online), findings(&by_index(&tree)), "{mode:?}");
        assert_eq!(online.json()["coverage"]["sources"][0]["name"], "osv");
        assert_eq!(online.json()["complete"], true);
    }
}

#[test]
fn a_cold_run_asks_once_for_each_thing_and_a_warm_one_for_nothing() {
    let services = services(Settings::default());
    let tree = tree();
    let first = scan(&tree, &services, &["-o", "json"]).exits(1);
    let counted = |endpoint| services.count(Service::Osv, endpoint);
    assert_eq!(counted("querybatch"), 1);
    let targets: Vec<String> =
        services.requests().into_iter().filter(|asked| asked.endpoint == "vulns").map(|asked| asked.target).collect();
    let mut distinct = targets.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(targets.len(), distinct.len(), "one for each record");
    assert!(!targets.is_empty());

    services.forget_requests();
    let second = scan(&tree, &services, &["-o", "json"]).exits(1);
    assert_eq!(findings(&second), findings(&first));
    assert_eq!(services.requests().len(), 0);

    // The same again, without a network, and with services that nobody may call.
    let silent = Silent::start();
    let mut command = tree.asking(&["scan", "--source", "api", "--offline", "--today", TODAY, "-o", "json"]);
    let offline = run(command.args(["--policy", "api.toml"]).envs(services.environment())).exits(1);
    assert_eq!(findings(&offline), findings(&first));
    assert_eq!(services.requests().len(), 0);
    drop(silent);
}

#[test]
fn answers_come_in_pages_and_pages_can_be_empty() {
    let paged = Settings { osv_page: 1, osv_batch_page: 2, osv_token_first: true, ..Settings::default() };
    let (services, tree) = (services(paged), tree());
    let online = scan(&tree, &services, &["-o", "json"]).exits(1);
    assert_eq!(findings(&online), findings(&by_index(&tree)));
    assert!(services.count(Service::Osv, "querybatch") > 3);
}

#[test]
fn packages_are_asked_about_a_thousand_at_a_time() {
    let mut lock = String::from("{\"name\":\"app\",\"lockfileVersion\":3,\"packages\":{\"\":{\"name\":\"app\"}");
    for number in 0..2_500 {
        lock += &format!(",\"node_modules/made-up-{number}\":{{\"version\":\"1.0.{number}\"}}");
    }
    lock += "}}";
    let tree = Tree::of(&[("package-lock.json", &lock)]);
    let services = services(Settings::default());
    let online = scan(&tree, &services, &["-o", "json"]);
    assert_eq!(online.json()["complete"], true, "{}", online.stdout);
    assert_eq!(services.count(Service::Osv, "querybatch"), 3);
    assert_eq!(services.count(Service::Osv, "vulns"), 0);
}

/// A run that could not learn everything: exit code 3 where nothing is denied, the service named, nothing passed over.
fn is_incomplete(run: &Run, what: &str) {
    let json = run.json();
    assert_eq!(json["complete"], false, "{what}");
    assert_ne!(json["verdict"], "pass", "{what}");
    let sources = json["coverage"]["sources"].as_array().unwrap();
    let failed: Vec<&Value> = sources.iter().filter(|source| source["state"] == "failed").collect();
    assert!(failed.iter().any(|source| source["name"] == "osv"), "{what}: {sources:#?}");
    assert!(failed[0]["message"].as_str().unwrap().len() > 20, "{what}");
    let uncompared =
        json["packages"].as_array().unwrap().iter().filter(|package| package["state"] == "no-index").count();
    assert!(uncompared > 0, "{what}: every package is said to be compared");
}

/// Every fault that leaves a service without an answer.
fn faults() -> Vec<Fault> {
    vec![
        Fault::TooMany { retry_after: None },
        Fault::TooMany { retry_after: Some(RetryAfter::Seconds(3600)) },
        Fault::TooMany { retry_after: Some(RetryAfter::Seconds(u64::MAX)) },
        Fault::TooMany { retry_after: Some(RetryAfter::DateIn(3600)) },
        Fault::Status(500),
        Fault::Status(503),
        Fault::Status(403),
        Fault::Status(304),
        Fault::Timeout,
        Fault::CutBody,
        Fault::CutGzip,
        Fault::SlowBody { bytes_per_second: 20 },
        Fault::WrongType,
        Fault::NotJson,
        Fault::Redirect { to: To::Itself },
        Fault::Redirect { to: To::Address("ftp://127.0.0.1/".to_owned()) },
        Fault::Redirect { to: To::Address("http://127.0.0.1:9/".to_owned()) },
        Fault::Oversized { bytes: 80 << 20, is_announced: true },
        Fault::GzipBomb { mebibytes: 100 },
        Fault::Close,
    ]
}

#[test]
fn no_fault_of_the_service_is_a_pass() {
    for endpoint in ["querybatch", "vulns"] {
        for fault in faults() {
            let (services, tree) = (services(Settings::default()), tree());
            services.set_fault(On::from(Service::Osv).endpoint(endpoint), fault.clone());
            let what = format!("{endpoint} {fault:?}");
            let started = Instant::now();
            let run = scan(&tree, &services, &["--timeout", "2", "-o", "json"]);
            assert!(started.elapsed() < Duration::from_secs(12), "{what}: {:?}", started.elapsed());
            assert_eq!(run.code, Some(3), "{what}: {}{}", run.stdout, run.stderr);
            is_incomplete(&run, &what);
        }
    }
}

#[test]
fn a_silent_service_leaves_time_for_what_is_asked_after_it() {
    let (services, tree) = (services(Settings::default()), tree());
    services.change(|world| world.kev.add("CVE-2021-23337", "2021-12-10"));
    services.set_fault(Service::DepsDev, Fault::Timeout);
    let run = run(tree
        .asking(&["scan", "--source", "api", "--today", TODAY, "--timeout", "6", "--deny", "withdrawn-version"])
        .args(["-o", "json"])
        .envs(services.environment()));
    let json = run.json();
    let state = |name: &str| {
        let sources = json["coverage"]["sources"].as_array().unwrap();
        sources.iter().find(|source| source["name"] == name).map(|source| source["state"].clone())
    };
    assert_eq!(state("deps.dev"), Some("failed".into()), "{}", run.stdout);
    assert_eq!(state("kev"), Some("ok".into()), "{}", run.stdout);
}

#[test]
fn a_passing_fault_is_passed_over() {
    let passing = [
        Fault::TooMany { retry_after: Some(RetryAfter::Seconds(1)) },
        Fault::Status(503),
        Fault::CutBody,
        Fault::Close,
    ];
    for fault in passing {
        let (services, tree) = (services(Settings::default()), tree());
        services.set_fault(On::from(Service::Osv).first(1), fault.clone());
        let run = scan(&tree, &services, &["-o", "json"]).exits(1);
        assert_eq!(run.json()["complete"], true, "{fault:?}");
        assert_eq!(findings(&run), findings(&by_index(&tree)), "{fault:?}");
    }
    let (services, tree) = (services(Settings::default()), tree());
    services.set_fault(Service::Osv, Fault::Gzip);
    assert_eq!(scan(&tree, &services, &["-o", "json"]).exits(1).json()["complete"], true);
}

#[test]
fn one_record_that_cannot_be_had_costs_its_packages_alone() {
    let (services, tree) = (services(Settings::default()), tree());
    let whole = scan(&tree, &services, &["-o", "json"]).exits(1);
    let advisory = findings(&whole)[0]["advisory"]["id"].as_str().unwrap().to_owned();
    let fresh = self::tree();
    services.set_fault(On::from(Service::Osv).endpoint("vulns").path(&advisory), Fault::Status(500));
    let run = scan(&fresh, &services, &["--timeout", "4", "-o", "json"]).exits(1);
    is_incomplete(&run, &advisory);
    let states = run.json()["packages"].as_array().unwrap().iter().filter(|p| p["state"] == "no-index").count();
    assert_eq!(states, 1);
    assert!(findings(&run).as_array().unwrap().len() < findings(&whole).as_array().unwrap().len());
}

#[test]
fn what_is_kept_stands_in_for_a_service_that_fails() {
    let (services, tree) = (services(Settings::default()), tree());
    let first = scan(&tree, &services, &["-o", "json"]).exits(1);
    services.set_fault(Service::Osv, Fault::Status(503));
    let second = scan(&tree, &services, &["-o", "json", "--timeout", "2"]).exits(1);
    assert_eq!(findings(&second), findings(&first));
}

#[test]
fn both_are_asked_and_it_is_said_where_they_disagree() {
    let tree = tree();
    let services = services(Settings::default());
    let both = |services: &Services| {
        let mut command = tree.asking(&["scan", "--source", "both", "--today", TODAY, "--db", index(), "-o", "json"]);
        run(command.args(["--policy", "api.toml"]).envs(services.environment()))
    };
    scan(&tree, &services, &["-o", "json"]).exits(1);
    let agreed = both(&services).exits(1);
    assert_eq!(findings(&agreed), findings(&by_index(&tree)));
    assert_eq!(agreed.json()["diagnostics"], Value::Array(Vec::new()));

    let advisory = findings(&agreed)[0]["advisory"]["id"].as_str().unwrap().to_owned();
    services.change(|world| world.vanish(&advisory));
    std::fs::remove_dir_all(tree.cache().join("http")).unwrap();
    let disagreed = both(&services).exits(1);
    assert_eq!(findings(&disagreed), findings(&agreed), "what one of them knows is known");
    let said = disagreed.json()["diagnostics"][0]["message"].as_str().unwrap().to_owned();
    assert!(said.contains(&format!("the index alone has {advisory}")), "{said}");
}

#[test]
fn without_anybody_at_its_address_a_run_ends_soon() {
    let nobody = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let tree = tree();
    let mut command = tree.asking(&["scan", "--profile", "greenfield", "--today", TODAY, "-o", "json"]);
    let run = run(command.envs(crate::services::environment(nobody)));
    assert!(run.took < Duration::from_secs(8), "{:?}", run.took);
    is_incomplete(&run, "nobody is there");
}

#[test]
fn private_names_are_told_to_nobody() {
    let services = services(Settings::default());
    let lock = r#"{"name":"app","lockfileVersion":3,"packages":{"":{"name":"app","dependencies":{"@acme/secret":"1","left-pad":"1"}},
        "node_modules/@acme/secret":{"version":"1.0.0"},"node_modules/left-pad":{"version":"1.3.0"},
        "node_modules/from-git":{"version":"1.0.0","resolved":"git+https://host.example/acme/from-git.git#0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"}}}"#;
    let tree = Tree::of(&[
        ("package-lock.json", lock),
        ("policy.toml", "version = 1\nextends = \"greenfield\"\ninternal = [\"@acme/*\"]\n"),
    ]);
    let mut command = tree.asking(&["scan", "--policy", "policy.toml", "--timeout", "5"]);
    let heard = services.requests();
    run(command.envs(services.environment()));
    for asked in services.requests().into_iter().skip(heard.len()) {
        for name in ["acme", "secret", "from-git"] {
            assert!(!asked.target.contains(name), "{}", asked.target);
        }
    }
    let bodies = tree.cache();
    let mut todo = vec![bodies];
    while let Some(path) = todo.pop() {
        if path.is_dir() {
            todo.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            assert!(!text.contains("@acme") && !text.contains("from-git"), "{}", path.display());
        }
    }
}

#[test]
fn without_a_network_nobody_is_called() {
    let silent = Silent::start();
    let tree = tree();
    for arguments in [&["--source", "api"][..], &["--source", "both"], &[], &["--profile", "greenfield"]] {
        let mut command = tree.asking(&["scan", "--offline", "--today", TODAY]);
        let run = run(command.args(arguments).envs(silent.environment()));
        assert!(matches!(run.code, Some(1 | 3)), "{arguments:?}: {}{}", run.stdout, run.stderr);
        run.says("not looked at");
    }
    assert_eq!(silent.finish(), [""; 0]);
}

#[test]
fn the_scanned_tree_cannot_send_the_program_anywhere() {
    let (silent, services) = (Silent::start(), services(Settings::default()));
    let address = silent.address();
    let lock = format!(
        r#"{{"name":"app","lockfileVersion":3,"packages":{{"":{{"name":"app","dependencies":{{"a":"1"}}}},
        "node_modules/a":{{"version":"1.0.0","resolved":"http://{address}/a/-/a-1.0.0.tgz"}}}}}}"#
    );
    let sources = format!("version = 1\n[sources]\nosv = \"http://{address}\"\n");
    let npmrc = format!("registry=http://{address}/\nproxy=http://{address}/\n");
    let cargo = format!("[http]\nproxy = \"http://{address}\"\n");
    let tree = Tree::of(&[("package-lock.json", &lock), (".npmrc", &npmrc), (".cargo/config.toml", &cargo)]);
    run(tree.asking(&["scan", "--today", TODAY, "--timeout", "5"]).envs(services.environment()));
    let tree = tree.file("osprey.toml", &sources);
    run(tree.asking(&["scan", "--today", TODAY]).envs(services.environment()))
        .exits(2)
        .complains("osprey.toml:2:1: `sources` is only taken from a policy that the caller names");
    assert!(!services.requests().is_empty());
    assert_eq!(silent.finish(), [""; 0]);
}
