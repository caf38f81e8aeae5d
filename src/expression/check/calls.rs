//! Functions, and those of them that go through a list.

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue};
use regex::RegexBuilder;

use super::words::a;
use super::{BOOL, Check, DEEPEST, Named, Node, Quantifier, TextTest, Typed};
use crate::expression::schema::{FUNCTIONS, Scalar, Type, VARIABLES};

/// How large a regular expression may become when it is compiled, in bytes.
const LARGEST_PATTERN: usize = 1 << 18;

/// How many steps a regular expression counts for.
const STEPS_OF_PATTERN: u64 = 50;

impl Check<'_> {
    pub(super) fn function(&mut self, part: &IdedExpr, call: &CallExpr) -> Option<Typed> {
        let name = call.func_name.as_str();
        match (name, call.target.as_deref(), call.args.as_slice()) {
            ("has", None, [one]) => self.has(one),
            ("size", None, [one]) | ("size", Some(one), []) => self.size(one),
            ("startsWith", Some(text), [with]) => self.test(TextTest::StartsWith, name, (text, with)),
            ("endsWith", Some(text), [with]) => self.test(TextTest::EndsWith, name, (text, with)),
            ("contains", Some(text), [with]) => self.test(TextTest::Contains, name, (text, with)),
            ("matches", Some(text), [pattern]) | ("matches", None, [text, pattern]) => self.matches(text, pattern),
            ("exists" | "all" | "exists_one" | "filter" | "map", Some(list), [variable, body]) => {
                self.comprehension(name, list, (variable, body))
            }
            _ => {
                let Some(known) = FUNCTIONS.iter().find(|function| function.name == name) else {
                    return self.no_function(part, name);
                };
                let message = format!("`{name}` is written like this: {}", known.usage);
                self.fail(self.parsed.name_of(part), message)
            }
        }
    }

    fn has(&mut self, part: &IdedExpr) -> Option<Typed> {
        if !matches!(part.expr, Expr::Select(_)) {
            let message = "has(…) asks whether a variable with a point in its name has a value: has(health.badge)";
            return self.fail(self.parsed.start(part), message);
        }
        let node = match self.named(part)? {
            Named::Variable(variable) => {
                self.note(variable, None);
                Node::Has(variable)
            }
            Named::Field(slot, field) => {
                self.note(field, None);
                Node::HasField(slot, field)
            }
            Named::Local(_) => return self.fail(self.parsed.start(part), "this always has a value"),
        };
        Some(Typed::new(node, BOOL, 1))
    }

    fn size(&mut self, part: &IdedExpr) -> Option<Typed> {
        let typed = self.of(part)?;
        if !matches!(typed.kind, Type::List(_) | Type::Advisories | Type::One(Scalar::Text(_))) {
            let message = format!("size(…) takes a list or a string, not {}", a(typed.kind));
            return self.fail(self.parsed.start(part), message);
        }
        Some(Typed::new(Node::Size(Box::new(typed.node)), Type::One(Scalar::Int), typed.steps + 1))
    }

    /// A text.
    fn text(&mut self, function: &str, part: &IdedExpr) -> Option<Typed> {
        let typed = self.of(part)?;
        if matches!(typed.kind, Type::One(Scalar::Text(_))) {
            return Some(typed);
        }
        let hint = match (function, typed.kind) {
            ("contains", Type::List(_)) => "; to look into a list, write `in`",
            (_, Type::List(_)) => "; ask its elements with exists(…)",
            _ => "",
        };
        let message = format!("{function}(…) takes strings, not {}{hint}", a(typed.kind));
        self.fail(self.parsed.start(part), message)
    }

    fn test(&mut self, test: TextTest, name: &str, (text, with): (&IdedExpr, &IdedExpr)) -> Option<Typed> {
        let (text, with) = (self.text(name, text), self.text(name, with));
        let (text, with) = (text?, with?);
        let steps = text.steps + with.steps + 1;
        Some(Typed::new(Node::Test(test, Box::new(text.node), Box::new(with.node)), BOOL, steps))
    }

    fn matches(&mut self, text: &IdedExpr, pattern: &IdedExpr) -> Option<Typed> {
        let typed = self.text("matches", text)?;
        let Expr::Literal(LiteralValue::String(written)) = &pattern.expr else {
            let message = "the regular expression must be written out, so that it is checked when the policy is read";
            return self.fail(self.parsed.start(pattern), message);
        };
        let built = RegexBuilder::new(written.inner())
            .size_limit(LARGEST_PATTERN)
            .dfa_size_limit(LARGEST_PATTERN)
            .nest_limit(30)
            .build();
        let message = match built {
            Ok(built) => {
                let node = Node::Matches(Box::new(typed.node), Box::new(built));
                return Some(Typed::new(node, BOOL, typed.steps + STEPS_OF_PATTERN));
            }
            Err(regex::Error::CompiledTooBig(_)) => "this regular expression is too large".to_owned(),
            Err(error) => {
                // The last line says what is wrong; those before it draw where.
                let said = error.to_string();
                let why = said.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                format!("this is no regular expression: {why}")
            }
        };
        self.fail(self.parsed.start(pattern), message)
    }

    fn comprehension(
        &mut self,
        name: &str,
        list: &IdedExpr,
        (variable, body): (&IdedExpr, &IdedExpr),
    ) -> Option<Typed> {
        let over = self.of(list)?;
        let element = match over.kind {
            Type::Advisories => Type::Advisory,
            Type::List(of) => Type::One(of),
            kind => {
                let message = format!("{name}(…) goes through a list, not through {}", a(kind));
                return self.fail(self.parsed.start(list), message);
            }
        };
        let local = self.local(variable)?;
        if self.locals.len() >= DEEPEST {
            let message = format!("{DEEPEST} of exists, all, filter and map stand in each other at most");
            return self.fail(self.parsed.start(variable), message);
        }
        self.locals.push((local, element));
        let body = if name == "map" {
            self.of(body).map(|typed| (typed, body))
        } else {
            self.truth(body).map(|typed| (typed, body))
        };
        self.locals.pop();
        let (body, part) = body?;
        let most = over.most;
        let steps = u64::try_from(most).unwrap_or(u64::MAX).saturating_mul(body.steps + 1).saturating_add(over.steps);
        let (of, each) = (Box::new(over.node), Box::new(body.node));
        let (node, kind) = match name {
            "exists" => (Node::Quantified(Quantifier::Exists, of, each), BOOL),
            "all" => (Node::Quantified(Quantifier::All, of, each), BOOL),
            "exists_one" => (Node::Quantified(Quantifier::One, of, each), BOOL),
            "filter" => (Node::Filter(of, each), over.kind),
            _ => match body.kind {
                Type::One(scalar) => (Node::Map(of, each), Type::List(scalar)),
                kind => {
                    let message = format!("map(…) gives single values, not {}", a(kind));
                    return self.fail(self.parsed.start(part), message);
                }
            },
        };
        Some(Typed { most, ..Typed::new(node, kind, steps) })
    }

    /// The name that a comprehension gives to the element that it is at.
    fn local(&mut self, part: &IdedExpr) -> Option<String> {
        let Expr::Ident(name) = &part.expr else {
            let message = "the first argument is a name for the element: exists(a, …)";
            return self.fail(self.parsed.start(part), message);
        };
        let is_variable = name == crate::expression::lex::PACKAGE
            || VARIABLES.iter().any(|variable| variable.name.split('.').next() == Some(name));
        if is_variable || self.locals.iter().any(|(local, _)| local == name) {
            let name = if name == crate::expression::lex::PACKAGE { "package" } else { name };
            let message = format!("`{name}` has a meaning already; take another name for the element");
            return self.fail(self.parsed.start(part), message);
        }
        Some(name.clone())
    }
}
