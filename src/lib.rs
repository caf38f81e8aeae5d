//! Osprey scans a repository's dependencies: it reads manifests and lockfiles, builds one dependency graph, matches it
//! against advisories, and lets a policy decide. These docs are the architecture.
//!
//! # The shape
//!
//! A star, not a stack: [`model`] in the middle, spokes that do not know each other, [`scan`] joining them, [`cli`]
//! driving. An integration test walks the source and fails, with file and line, where a room uses one that it may not.
//!
//! | room | what it does | may use | I/O |
//! |---|---|---|---|
//! | [`model`] | the words that every other room speaks in | nothing | none |
//! | [`version`] | version order, requirements, one file per scheme | model | none |
//! | [`ecosystem`] | manifest and lockfile parsers, one file per format | model, version | none: `(path, bytes) -> Parsed` |
//! | [`advisory`] | OSV records, what they cover, alias groups, ratings | model, version | none |
//! | [`database`] | the compiled advisory index: make, open, look up | model, version, advisory | files |
//! | [`source`] | clients of services: OSV, `RustSec`, deps.dev, Scorecard, KEV, EPSS, badges, endoflife.date; the cache | model, advisory | network, async; the cache's files |
//! | [`expression`] | conditions that a policy writes itself: read, checked against one table of variables, evaluated | model | none |
//! | [`rule`] | what is looked for: facts to findings, one file per rule | model, version, expression | none |
//! | [`policy`] | what is accepted: findings to decisions | model, version, expression | none |
//! | [`report`] | how it is written, one file per format | model | only the given writer |
//! | [`scan`] | the pipeline; its `discover` alone walks the scanned tree | all but report and cli | through them |
//! | [`cli`] | arguments, exit codes, progress; alone reads clock, environment, terminal | all | yes |
//!
//! # The flow
//!
//! ```text
//! discover   roots                           -> files, each claimed by one parser     scan
//! parse      (path, bytes)                   -> Parsed { graph, diagnostics }         ecosystem, in parallel, never fails
//! merge      Parsed*                         -> DependencyGraph                       model
//! plan       policy                          -> the data that active rules need        policy
//! ask        (packages, needs)               -> Facts, coverage of sources            database, source
//! look       (&graph, &facts, parameters)    -> Vec<Finding>                          rule, pure; custom rules by expression
//! decide     (findings, policy, today)       -> Vec<Decision>                         policy, pure
//! compare    (decisions, baseline, base)     -> what was there before does not count  policy; the base from git's objects: scan
//! conclude                                   -> Report                                scan
//! write      (&report, format, out)                                                   report
//! exit       verdict                         -> exit code                             cli
//! ```
//!
//! # What holds everywhere
//!
//! - **Nothing is lost in silence.** Every recognised file, every package and every source ends in exactly one state
//!   of the ledger ([`model::Coverage`]). "Pass" is only said of what was looked at: what was not makes the run
//!   [`model::Verdict::Incomplete`].
//! - **A source proposes, we decide.** Whether a version is affected is decided here, from the record's ranges, by
//!   [`advisory::judge`], wherever the record came from. What cannot be compared is never "not affected".
//! - **The scanned tree is hostile.** No command of it runs, no address that it names is contacted, no symbolic link is
//!   followed out of the root, `git` is never run in it. Parsers bound size, depth and count, and never panic. Text from
//!   it is escaped for each output. `cargo metadata` runs only on `--resolve cargo`.
//! - **Severity is the world's, [`model::Level`] is the user's.** A [`model::Decision`] is where they meet.
//! - **Only the caller loosens.** What the scanned tree says about its own judgement may tighten a caller's policy, and
//!   loosen it only within what that delegates; with a base to compare with, the tree's policy is the base's.
//! - **Suppressed is not deleted.** An excepted or allowed finding stays in the report with its reason.
//! - **Unknown is not fine.** `direct`, kinds and fixes are unknown where the format does not say, and never guessed. What
//!   a service does not tell is a [`model::Fact::Unknown`] with its reason: no rule takes it for a pass, and the policy
//!   says what it does to the run.
//! - **Few are asked, and little is said.** Only names and versions from public registries go to services, to addresses
//!   that the caller configured, and only for data that an active rule needs. Without a network no runtime, no TLS and no
//!   client is started ([`source`]).
//! - **Formats own their types.** Nothing in [`model`] is serialised; each file of [`report`] declares its own.
//! - **Same input, same bytes.** Ordered maps, sorted at the boundary; the day comes from the caller, the time from nobody.
//! - **No `unsafe`.** It is forbidden in the whole crate: the index is read by checked pages, not mapped ([`database`]).
//! - **A seam is a static table** with tests over it: [`ecosystem::PARSERS`], [`rule::RULES`]. A parser or a rule costs
//!   one file, one row, one fixture folder; its kebab-case id is its file name, fixture folder, policy key and SARIF rule.

pub mod advisory;
pub mod cli;
pub mod database;
pub mod ecosystem;
pub mod expression;
pub mod model;
pub mod policy;
pub mod report;
pub mod rule;
pub mod scan;
pub mod source;
pub mod version;
