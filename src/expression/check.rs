//! The check: from the parser's tree to one whose types are right, with every mistake at its place.

use std::ops::Range;

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};
use regex::Regex;

use super::parse::Parsed;
use super::schema::{FIELDS, FUNCTIONS, Scalar, Type, VARIABLES, Variable};
use super::{MOST_STEPS, Mistake, Read};

mod calls;
mod words;

use words::{a, alternatives, offer};

/// How many comprehensions may stand in each other.
const DEEPEST: usize = 2;

const BOOL: Type = Type::One(Scalar::Bool);

/// An expression whose types are right.
#[derive(Debug)]
pub(super) enum Node {
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(String),
    List(Vec<Node>),
    /// A variable.
    Read(&'static Variable),
    /// The element that a comprehension is at, by how many are around it.
    Local(usize),
    /// A field of that element.
    Field(usize, &'static Variable),
    /// What stands under a name.
    Entry(&'static Variable, String),
    HasEntry(&'static Variable, String),
    Has(&'static Variable),
    HasField(usize, &'static Variable),
    Not(Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    If(Box<[Node; 3]>),
    Compare(Comparison, Box<Node>, Box<Node>),
    In(Box<Node>, Box<Node>),
    Negate(Box<Node>),
    Calculate(Arithmetic, Box<Node>, Box<Node>),
    Size(Box<Node>),
    Test(TextTest, Box<Node>, Box<Node>),
    Matches(Box<Node>, Box<Regex>),
    Quantified(Quantifier, Box<Node>, Box<Node>),
    Filter(Box<Node>, Box<Node>),
    Map(Box<Node>, Box<Node>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equals,
    Differs,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextTest {
    StartsWith,
    EndsWith,
    Contains,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quantifier {
    Exists,
    All,
    One,
}

/// A part with what is known about it before anything is evaluated.
pub(super) struct Typed {
    node: Node,
    kind: Type,
    /// Steps in the worst case.
    steps: u64,
    /// Elements in the worst case, of a list.
    most: usize,
}

impl Typed {
    fn new(node: Node, kind: Type, steps: u64) -> Self {
        Self { node, kind, steps, most: 0 }
    }
}

/// Checks a parsed expression: the tree to evaluate, the variables that it reads, and its steps.
///
/// # Errors
/// Every mistake. At least one.
pub(super) fn check(parsed: &Parsed<'_>) -> Result<(Node, Vec<Read>, u64), Vec<Mistake>> {
    let mut check = Check { parsed, locals: Vec::new(), reads: Vec::new(), mistakes: Vec::new() };
    let typed = check.of(&parsed.tree);
    if let Some(typed) = &typed {
        check.as_whole(typed);
    }
    match typed {
        Some(typed) if check.mistakes.is_empty() => Ok((typed.node, check.reads, typed.steps)),
        _ => {
            check.mistakes.sort_by_key(|mistake| mistake.span.start);
            Err(check.mistakes)
        }
    }
}

struct Check<'c> {
    parsed: &'c Parsed<'c>,
    /// The variables of the comprehensions around the present part.
    locals: Vec<(String, Type)>,
    reads: Vec<Read>,
    mistakes: Vec<Mistake>,
}

/// What a chain of names stands for.
enum Named {
    Variable(&'static Variable),
    Local(usize),
    Field(usize, &'static Variable),
}

impl Check<'_> {
    /// Notes a mistake. `None`, so that it can be returned.
    fn fail<T>(&mut self, span: Range<usize>, message: impl Into<String>) -> Option<T> {
        self.mistakes.push(Mistake::new(span, message));
        None
    }

    /// What the whole has to be.
    fn as_whole(&mut self, typed: &Typed) {
        let start = self.parsed.start(&self.parsed.tree);
        if !typed.kind.is_like(BOOL) {
            let found = a(typed.kind);
            self.fail::<()>(start, format!("the expression must be true or false, and this is {found}"));
        } else if self.reads.is_empty() {
            self.fail::<()>(start, "the expression reads no variable, and is the same for every package");
        } else if typed.steps > MOST_STEPS {
            let steps = typed.steps;
            let message = format!("the expression may take {steps} steps for one package; {MOST_STEPS} are the most");
            self.fail::<()>(start, message);
        }
    }

    /// A part; `None` where it has a mistake, which is noted.
    fn of(&mut self, part: &IdedExpr) -> Option<Typed> {
        match &part.expr {
            Expr::Literal(literal) => self.literal(part, literal),
            Expr::Ident(_) | Expr::Select(_) => {
                let named = self.named(part)?;
                self.read(part, &named)
            }
            Expr::Call(call) => self.call(part, call),
            Expr::List(list) => self.list(part, &list.elements),
            Expr::Map(_) | Expr::Struct(_) | Expr::Comprehension(_) | Expr::Unspecified => {
                self.fail(self.parsed.sign(part), "this is no part of the language")
            }
        }
    }

    fn literal(&mut self, part: &IdedExpr, literal: &LiteralValue) -> Option<Typed> {
        let (node, kind) = match literal {
            LiteralValue::Boolean(truth) => (Node::Bool(*truth.inner()), BOOL),
            LiteralValue::Int(number) => (Node::Int(*number.inner()), Type::One(Scalar::Int)),
            LiteralValue::Double(number) => (Node::Double(*number.inner()), Type::One(Scalar::Double)),
            LiteralValue::String(text) => (Node::Text(text.inner().to_owned()), Type::One(Scalar::Text(&[]))),
            LiteralValue::UInt(_) => return self.fail(self.parsed.sign(part), "leave out the `u`: numbers are signed"),
            LiteralValue::Bytes(_) | LiteralValue::Null => {
                return self.fail(self.parsed.sign(part), "this is no part of the language");
            }
        };
        Some(Typed::new(node, kind, 1))
    }

    fn list(&mut self, part: &IdedExpr, elements: &[IdedExpr]) -> Option<Typed> {
        let mut nodes = Vec::new();
        let mut of: Option<Scalar> = None;
        let mut steps = 1;
        for element in elements {
            let typed = self.of(element)?;
            let Type::One(scalar) = typed.kind else {
                let found = a(typed.kind);
                return self.fail(self.parsed.start(element), format!("a list holds single values, not {found}"));
            };
            if let Some(of) = of.filter(|of| !Type::One(*of).is_like(typed.kind)) {
                let (first, found) = (Type::One(of).as_str(), a(typed.kind));
                let message = format!("the elements of a list are of one type: this is {found} in a list of {first}s");
                return self.fail(self.parsed.start(element), message);
            }
            of = of.or(Some(scalar));
            steps += typed.steps;
            nodes.push(typed.node);
        }
        let Some(of) = of else {
            return self.fail(self.parsed.sign(part), "this list is empty");
        };
        let most = nodes.len();
        Some(Typed { most, ..Typed::new(Node::List(nodes), Type::List(of), steps) })
    }

    /// What a name, or a chain of names with points between them, stands for.
    fn named(&mut self, part: &IdedExpr) -> Option<Named> {
        let mut names = Vec::new();
        let mut at = part;
        while let Expr::Select(select) = &at.expr {
            names.push((select.field.as_str(), at));
            at = &select.operand;
        }
        let Expr::Ident(root) = &at.expr else {
            let typed = self.of(at)?;
            let (field, select) = *names.last()?;
            let found = a(typed.kind);
            return self.fail(self.parsed.field_of(select), format!("{found} has no field `{field}`"));
        };
        names.reverse();
        let root = if root == super::lex::PACKAGE { "package" } else { root.as_str() };
        if let Some(slot) = self.locals.iter().rposition(|(name, _)| name == root) {
            return self.of_local(slot, &names);
        }
        let is_under = |path: &str, variable: &Variable| {
            variable.name.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        if !VARIABLES.iter().any(|variable| is_under(root, variable)) {
            let groups = VARIABLES.iter().map(|variable| variable.name.split('.').next().unwrap_or_default());
            let whole: Vec<&str> = std::iter::once(root).chain(names.iter().map(|(name, _)| *name)).collect();
            let near = offer(&whole.join("."), VARIABLES.iter().map(|variable| variable.name))
                .or_else(|| offer(root, groups))
                .unwrap_or_else(|| "; known are package, health, advisories and project".to_owned());
            return self.fail(self.parsed.start(at), format!("unknown variable \"{root}\"{near}"));
        }
        let mut path = root.to_owned();
        let mut names = names.into_iter();
        loop {
            if let Some(variable) = VARIABLES.iter().find(|variable| variable.name == path) {
                return match names.next() {
                    None => Some(Named::Variable(variable)),
                    Some((field, select)) => self.no_field(variable, field, select),
                };
            }
            let Some((field, select)) = names.next() else {
                let under = VARIABLES.iter().filter(|variable| is_under(&path, variable)).map(|v| v.name);
                let names = under.collect::<Vec<_>>().join(", ");
                return self.fail(self.parsed.start(at), format!("`{path}` has fields: {names}"));
            };
            let longer = format!("{path}.{field}");
            if !VARIABLES.iter().any(|variable| is_under(&longer, variable)) {
                let fields = VARIABLES.iter().filter_map(|variable| variable.name.strip_prefix(&path)?.get(1..));
                let fields: Vec<&str> = fields.collect();
                let near = offer(field, fields.iter().copied())
                    .unwrap_or_else(|| format!("; it has {}", alternatives(&fields, "and")));
                return self.fail(self.parsed.field_of(select), format!("`{path}` has no field \"{field}\"{near}"));
            }
            path = longer;
        }
    }

    /// A variable that is no group of others was asked for a field.
    fn no_field(&mut self, variable: &'static Variable, field: &str, select: &IdedExpr) -> Option<Named> {
        let name = variable.name;
        let message = match variable.kind {
            Type::Advisories => format!("`{name}` is a list: ask for `{field}` of one, {name}.exists(a, a.{field} …)"),
            Type::Scores => format!("write {name}[\"{field}\"]"),
            kind => format!("`{name}` is {}, and has no field `{field}`", a(kind)),
        };
        self.fail(self.parsed.field_of(select), message)
    }

    fn of_local(&mut self, slot: usize, names: &[(&str, &IdedExpr)]) -> Option<Named> {
        let Some((field, select)) = names.first().copied() else { return Some(Named::Local(slot)) };
        let (name, kind) = self.locals.get(slot).cloned()?;
        if !matches!(kind, Type::Advisory) {
            return self.fail(self.parsed.field_of(select), format!("`{name}` is {}, and has no fields", a(kind)));
        }
        let Some(found) = FIELDS.iter().find(|known| known.name == field) else {
            let fields: Vec<&str> = FIELDS.iter().map(|field| field.name).collect();
            let near = offer(field, fields.iter().copied())
                .unwrap_or_else(|| format!("; it has {}", alternatives(&fields, "and")));
            return self.fail(self.parsed.field_of(select), format!("an advisory has no field \"{field}\"{near}"));
        };
        match names.get(1) {
            None => Some(Named::Field(slot, found)),
            Some((more, select)) => {
                let message = format!("`{name}.{field}` is {}, and has no field `{more}`", a(found.kind));
                self.fail(self.parsed.field_of(select), message)
            }
        }
    }

    fn note(&mut self, variable: &'static Variable, entry: Option<&str>) {
        let read = Read { variable, entry: entry.map(str::to_owned) };
        if !self.reads.contains(&read) {
            self.reads.push(read);
        }
    }

    /// The value of what was named.
    fn read(&mut self, part: &IdedExpr, named: &Named) -> Option<Typed> {
        Some(match *named {
            Named::Local(slot) => Typed::new(Node::Local(slot), self.locals.get(slot)?.1, 1),
            Named::Variable(variable) if matches!(variable.kind, Type::Scores) => {
                let name = variable.name;
                let message = format!("ask for one of them: {name}[\"Code-Review\"], or \"Code-Review\" in {name}");
                return self.fail(self.parsed.start(part), message);
            }
            Named::Variable(variable) => {
                self.note(variable, None);
                Typed { most: variable.most, ..Typed::new(Node::Read(variable), variable.kind, 1) }
            }
            Named::Field(slot, field) => {
                self.note(field, None);
                Typed { most: field.most, ..Typed::new(Node::Field(slot, field), field.kind, 1) }
            }
        })
    }

    fn call(&mut self, part: &IdedExpr, call: &CallExpr) -> Option<Typed> {
        let sign = call.func_name.as_str();
        match (sign, call.args.as_slice()) {
            (operators::LOGICAL_AND | operators::LOGICAL_OR, [one, two]) => {
                let (one, two) = (self.truth(one), self.truth(two));
                let (one, two) = (one?, two?);
                let steps = one.steps + two.steps + 1;
                let (one, two) = (Box::new(one.node), Box::new(two.node));
                let node = if sign == operators::LOGICAL_AND { Node::And(one, two) } else { Node::Or(one, two) };
                Some(Typed::new(node, BOOL, steps))
            }
            (operators::LOGICAL_NOT, [one]) => {
                let one = self.truth(one)?;
                Some(Typed::new(Node::Not(Box::new(one.node)), BOOL, one.steps + 1))
            }
            (operators::CONDITIONAL, [condition, yes, no]) => self.choice(condition, yes, no),
            (operators::IN, [one, two]) => self.is_in(part, one, two),
            (operators::INDEX, [list, index]) => self.index(list, index),
            (operators::NEGATE, [one]) => {
                let typed = self.of(one)?;
                match typed.kind {
                    Type::One(Scalar::Int | Scalar::Double) => {
                        Some(Typed::new(Node::Negate(Box::new(typed.node)), typed.kind, typed.steps + 1))
                    }
                    kind => self.fail(self.parsed.start(one), format!("`-` takes a number, not {}", a(kind))),
                }
            }
            (sign, [one, two]) if sign.starts_with('_') => match words::comparison(sign) {
                Some(comparison) => self.compare(part, comparison, (one, two)),
                None => self.calculate(part, words::arithmetic(sign)?, (one, two)),
            },
            _ => self.function(part, call),
        }
    }

    /// A part that has to be true or false.
    fn truth(&mut self, part: &IdedExpr) -> Option<Typed> {
        let typed = self.of(part)?;
        if typed.kind.is_like(BOOL) {
            return Some(typed);
        }
        let hint = match typed.kind {
            Type::One(Scalar::Int | Scalar::Double) => "; compare it, such as with `> 0`",
            Type::One(Scalar::Text(_)) => "; compare it, or ask with has(…) whether there is one",
            _ => "; ask for its size, or with exists(…)",
        };
        let message = format!("this must be true or false, and is {}{hint}", a(typed.kind));
        self.fail(self.parsed.start(part), message)
    }

    fn choice(&mut self, condition: &IdedExpr, yes: &IdedExpr, no: &IdedExpr) -> Option<Typed> {
        let place = self.parsed.start(no);
        let (condition, yes, no) = (self.truth(condition), self.of(yes), self.of(no));
        let (condition, yes, no) = (condition?, yes?, no?);
        if !yes.kind.is_like(no.kind) {
            let (one, two) = (a(yes.kind), a(no.kind));
            return self.fail(place, format!("both sides of `:` must be of one type, and are {one} and {two}"));
        }
        let steps = condition.steps + yes.steps.max(no.steps) + 1;
        let most = yes.most.max(no.most);
        let node = Node::If(Box::new([condition.node, yes.node, no.node]));
        Some(Typed { most, ..Typed::new(node, yes.kind, steps) })
    }

    fn compare(
        &mut self,
        part: &IdedExpr,
        comparison: Comparison,
        (one, two): (&IdedExpr, &IdedExpr),
    ) -> Option<Typed> {
        let (left, right) = (self.of(one), self.of(two));
        let (left, right) = (left?, right?);
        let sign = self.parsed.sign(part);
        let is_number = |kind| matches!(kind, Type::One(Scalar::Int | Scalar::Double));
        let is_equality = matches!(comparison, Comparison::Equals | Comparison::Differs);
        let is_single = matches!((left.kind, right.kind), (Type::One(_), Type::One(_)));
        if !is_single || !(left.kind.is_like(right.kind) || is_number(left.kind) && is_number(right.kind)) {
            let hint = match (left.kind, right.kind) {
                (Type::List(_) | Type::Advisories, _) | (_, Type::List(_) | Type::Advisories) => {
                    "; ask for its size(), with `in`, or with exists(…)"
                }
                _ => "",
            };
            let message = match left.kind.is_like(right.kind) {
                true => format!(
                    "{}s are not compared{hint}",
                    left.kind.as_str().replacen("list", "lists", 1).trim_end_matches('s')
                ),
                false => format!("{} is not compared with {}{hint}", a(left.kind), a(right.kind)),
            };
            return self.fail(sign, message);
        }
        if !is_equality && !is_number(left.kind) {
            let message = match (left.kind.words(), right.kind.words()) {
                ([], []) if left.kind.is_like(BOOL) => "only numbers have an order".to_owned(),
                ([], []) => "only numbers have an order; of texts, \"1.10.0\" would come before \"1.9.0\"".to_owned(),
                (words, others) => {
                    let words = if words.is_empty() { others } else { words };
                    format!("only numbers have an order; write `in` with some of {}", words::quoted(words))
                }
            };
            return self.fail(sign, message);
        }
        self.is_a_word(left.kind, &right.node, two)?;
        self.is_a_word(right.kind, &left.node, one)?;
        let steps = left.steps + right.steps + 1;
        Some(Typed::new(Node::Compare(comparison, Box::new(left.node), Box::new(right.node)), BOOL, steps))
    }

    /// A text that is written out, held against one that is one of some words, has to be one of them.
    fn is_a_word(&mut self, kind: Type, node: &Node, part: &IdedExpr) -> Option<()> {
        let (words, Node::Text(text)) = (kind.words(), node) else { return Some(()) };
        if words.is_empty() || words.contains(&text.as_str()) {
            return Some(());
        }
        let near = offer(text, words.iter().copied()).unwrap_or_default();
        let message = format!("this is one of {}, never {}{near}", words::quoted(words), words::cut(text));
        self.fail(self.parsed.start(part), message)
    }

    fn is_in(&mut self, part: &IdedExpr, one: &IdedExpr, list: &IdedExpr) -> Option<Typed> {
        if let Some(variable) = self.scores(list) {
            let name = self.check_name(variable, one)?;
            return Some(Typed::new(Node::HasEntry(variable, name), BOOL, 2));
        }
        let (left, right) = (self.of(one), self.of(list));
        let (left, right) = (left?, right?);
        let Type::List(of) = right.kind else {
            let hint = if matches!(right.kind, Type::One(Scalar::Text(_))) { "; write contains(…)" } else { "" };
            let message = format!("`in` looks into a list, not into {}{hint}", a(right.kind));
            return self.fail(self.parsed.start(list), message);
        };
        if !left.kind.is_like(Type::One(of)) {
            let message = format!("{} is never in {}", a(left.kind), a(right.kind));
            return self.fail(self.parsed.sign(part), message);
        }
        self.is_a_word(right.kind, &left.node, one)?;
        if let (Node::List(elements), Expr::List(written)) = (&right.node, &list.expr) {
            for (element, part) in elements.iter().zip(&written.elements) {
                self.is_a_word(left.kind, element, part)?;
            }
        }
        let steps = left.steps + right.steps + u64::try_from(right.most).unwrap_or(u64::MAX);
        Some(Typed::new(Node::In(Box::new(left.node), Box::new(right.node)), BOOL, steps))
    }

    /// The map of scores that a part names.
    fn scores(&mut self, part: &IdedExpr) -> Option<&'static Variable> {
        if !matches!(part.expr, Expr::Select(_)) {
            return None;
        }
        let before = self.mistakes.len();
        let named = self.named(part);
        // Whatever is wrong with it is noted by who looks at it next.
        self.mistakes.truncate(before);
        match named {
            Some(Named::Variable(variable)) if matches!(variable.kind, Type::Scores) => Some(variable),
            _ => None,
        }
    }

    fn index(&mut self, list: &IdedExpr, index: &IdedExpr) -> Option<Typed> {
        if let Some(variable) = self.scores(list) {
            let name = self.check_name(variable, index)?;
            return Some(Typed::new(Node::Entry(variable, name), Type::One(Scalar::Int), 2));
        }
        let typed = self.of(list)?;
        let message = format!("{} is not asked by place; ask with `in` or exists(…)", a(typed.kind));
        self.fail(self.parsed.start(list), message)
    }

    /// The name of a check of the Scorecard, written out.
    fn check_name(&mut self, variable: &'static Variable, part: &IdedExpr) -> Option<String> {
        let Expr::Literal(LiteralValue::String(name)) = &part.expr else {
            let message = format!("write the name as it is: {}[\"Code-Review\"]", variable.name);
            return self.fail(self.parsed.start(part), message);
        };
        let name = name.inner();
        if crate::model::Scorecard::names().any(|known| known == name) {
            self.note(variable, Some(name));
            return Some(name.to_owned());
        }
        let near = offer(name, crate::model::Scorecard::names()).unwrap_or_default();
        self.fail(self.parsed.start(part), format!("the Scorecard has no check {}{near}", words::cut(name)))
    }

    fn calculate(&mut self, part: &IdedExpr, sign: Arithmetic, (one, two): (&IdedExpr, &IdedExpr)) -> Option<Typed> {
        let (left, right) = (self.of(one), self.of(two));
        let (left, right) = (left?, right?);
        let place = self.parsed.sign(part);
        let kind = match (left.kind, right.kind) {
            (Type::One(Scalar::Int), Type::One(Scalar::Int)) => left.kind,
            (Type::One(Scalar::Double), Type::One(Scalar::Double)) if sign != Arithmetic::Remainder => left.kind,
            (Type::One(Scalar::Int | Scalar::Double), Type::One(Scalar::Int | Scalar::Double)) => {
                let message = "both numbers must be ints, or both doubles (2.0); `%` takes ints";
                return self.fail(place, message);
            }
            (one, two) => {
                return self.fail(place, format!("this takes two numbers, not {} and {}", a(one), a(two)));
            }
        };
        if matches!(sign, Arithmetic::Divide | Arithmetic::Remainder) {
            let is_safe = match right.node {
                Node::Int(number) => number != 0,
                Node::Double(number) => number != 0.0,
                _ => false,
            };
            if !is_safe {
                let message = "what is divided by must be written out as a number other than 0";
                return self.fail(self.parsed.start(two), message);
            }
        }
        let steps = left.steps + right.steps + 1;
        Some(Typed::new(Node::Calculate(sign, Box::new(left.node), Box::new(right.node)), kind, steps))
    }

    /// The function of that name, or the nearest one.
    fn no_function(&mut self, part: &IdedExpr, name: &str) -> Option<Typed> {
        let names: Vec<&str> = FUNCTIONS.iter().map(|function| function.name).collect();
        let near = offer(name, names.iter().copied())
            .unwrap_or_else(|| format!("; the functions are {}", alternatives(&names, "and")));
        self.fail(self.parsed.name_of(part), format!("unknown function \"{name}\"{near}"))
    }
}
