//! What an expression is of one package: true, false, or undecided, and then what would have to be known.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::check::{Arithmetic, Comparison, Node, Quantifier, TextTest};
use super::schema::{Fact, Variable};
use crate::model::{Missing, Why};

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'f> {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction.
    Double(f64),
    /// A text.
    Text(Cow<'f, str>),
    /// A list.
    List(Vec<Value<'f>>),
    /// The advisory at a place in the list of advisories.
    Advisory(usize),
}

impl<'f> Value<'f> {
    /// A text that is there already.
    pub fn text(text: &'f str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    /// A list of texts that are there already.
    pub fn texts(texts: impl IntoIterator<Item = &'f str>) -> Self {
        Self::List(texts.into_iter().map(Self::text).collect())
    }

    /// A count; one that is too large for a whole number is the largest.
    pub fn count(count: impl TryInto<i64>) -> Self {
        Self::Int(count.try_into().unwrap_or(i64::MAX))
    }
}

/// What is known of a fact: its value, that there is none (`None`), or what is missing to know.
pub type Reading<'f> = Result<Option<Value<'f>>, Missing>;

/// What is known about one package, as one root uses it.
pub trait Facts {
    /// A variable.
    fn read(&self, fact: Fact) -> Reading<'_>;
    /// A field of the advisory at a place in the list of advisories.
    fn of_advisory(&self, at: usize, fact: Fact) -> Reading<'_>;
    /// The number that stands under a name.
    fn entry(&self, fact: Fact, name: &str) -> Reading<'_>;
}

/// What is missing to decide; sorted and each once only at the end, since most of it is dropped on the way.
type Undecided = Vec<Missing>;

/// A value, or what is missing to have it.
type Decided<'f> = Result<Value<'f>, Undecided>;

/// Whether an expression holds.
pub(super) fn evaluate(node: &Node, facts: &dyn Facts) -> Result<bool, Vec<Missing>> {
    let mut walk = Walk { facts, locals: Vec::new() };
    walk.holds(node).map_err(|mut missing| {
        missing.sort_unstable();
        missing.dedup();
        missing
    })
}

struct Walk<'f> {
    facts: &'f dyn Facts,
    /// The elements that the comprehensions around the present part are at.
    locals: Vec<Value<'f>>,
}

/// A value where it is there; that it is absent, and not asked for with `has`, decides nothing.
fn present<'f>(reading: Reading<'f>, variable: &Variable) -> Decided<'f> {
    match reading {
        Ok(Some(Value::List(list))) if list.len() > variable.most => {
            Err(vec![Missing { source: variable.source, why: Why::NotTold }])
        }
        Ok(Some(value)) => Ok(value),
        Ok(None) => Err(vec![Missing { source: variable.source, why: Why::Absent }]),
        Err(missing) => Err(vec![missing]),
    }
}

fn is_there(reading: Reading<'_>) -> Result<bool, Undecided> {
    reading.map(|value| value.is_some()).map_err(|missing| vec![missing])
}

impl<'f> Walk<'f> {
    /// A part that is true or false. The check lets no other part stand where this is called; one that did would count
    /// as false.
    fn holds(&mut self, node: &'f Node) -> Result<bool, Undecided> {
        match node {
            Node::Bool(truth) => Ok(*truth),
            Node::Not(inner) => Ok(!self.holds(inner)?),
            Node::And(one, two) => self.both(one, two, false),
            Node::Or(one, two) => self.both(one, two, true),
            Node::Compare(comparison, one, two) => {
                let (one, two) = self.pair(one, two)?;
                Ok(comparison.holds(compare(&one, &two)))
            }
            Node::In(one, two) => self.is_in(one, two),
            Node::HasEntry(variable, name) => is_there(self.facts.entry(variable.fact, name)),
            Node::Has(variable) => is_there(self.facts.read(variable.fact)),
            Node::HasField(slot, field) => is_there(self.field(*slot, field)),
            Node::Test(test, one, two) => {
                let (one, two) = self.pair(one, two)?;
                Ok(matches!((&one, &two), (Value::Text(one), Value::Text(two)) if test.holds(one, two)))
            }
            Node::Matches(text, pattern) => {
                let text = self.value(text)?;
                Ok(matches!(&text, Value::Text(text) if pattern.is_match(text)))
            }
            Node::Quantified(quantifier, list, body) => self.quantified(*quantifier, list, body),
            other => Ok(self.value(other)? == Value::Bool(true)),
        }
    }

    /// `&&` and `||`: the one that is `enough` decides, whatever the other one is.
    fn both(&mut self, one: &'f Node, two: &'f Node, enough: bool) -> Result<bool, Undecided> {
        let one = self.holds(one);
        if one == Ok(enough) {
            return one;
        }
        let two = self.holds(two);
        match (one, two) {
            (_, Ok(two)) if two == enough => Ok(enough),
            (Err(mut one), Err(two)) => {
                one.extend(two);
                Err(one)
            }
            (Err(missing), Ok(_)) | (Ok(_), Err(missing)) => Err(missing),
            (Ok(_), Ok(two)) => Ok(two),
        }
    }

    /// Two values, of which both are needed.
    fn pair(&mut self, one: &'f Node, two: &'f Node) -> Result<(Value<'f>, Value<'f>), Undecided> {
        match (self.value(one), self.value(two)) {
            (Ok(one), Ok(two)) => Ok((one, two)),
            (Err(mut one), Err(two)) => {
                one.extend(two);
                Err(one)
            }
            (Err(missing), Ok(_)) | (Ok(_), Err(missing)) => Err(missing),
        }
    }

    fn is_in(&mut self, one: &'f Node, list: &'f Node) -> Result<bool, Undecided> {
        let one = self.value(one)?;
        // A list that is written out is not made to be looked through.
        if let Node::List(elements) = list {
            for element in elements {
                if compare(&one, &self.value(element)?) == Some(Ordering::Equal) {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        let Value::List(elements) = self.value(list)? else { return Ok(false) };
        Ok(elements.iter().any(|element| compare(&one, element) == Some(Ordering::Equal)))
    }

    fn field(&self, slot: usize, field: &Variable) -> Reading<'f> {
        match self.locals.get(slot) {
            Some(Value::Advisory(at)) => self.facts.of_advisory(*at, field.fact),
            _ => Ok(None),
        }
    }

    fn elements(&mut self, list: &'f Node) -> Result<Vec<Value<'f>>, Undecided> {
        match self.value(list)? {
            Value::List(elements) => Ok(elements),
            _ => Ok(Vec::new()),
        }
    }

    /// A part with one of the elements of a list at hand.
    fn with<T>(&mut self, element: Value<'f>, of: impl FnOnce(&mut Self) -> T) -> T {
        self.locals.push(element);
        let result = of(self);
        self.locals.pop();
        result
    }

    fn quantified(&mut self, quantifier: Quantifier, list: &'f Node, body: &'f Node) -> Result<bool, Undecided> {
        let enough = match quantifier {
            Quantifier::Exists => Some(true),
            Quantifier::All => Some(false),
            Quantifier::One => None,
        };
        let mut undecided: Option<Undecided> = None;
        let mut true_of = 0_usize;
        for element in self.elements(list)? {
            match self.with(element, |walk| walk.holds(body)) {
                Ok(holds) if Some(holds) == enough => return Ok(holds),
                Ok(holds) => true_of += usize::from(holds),
                Err(missing) => undecided.get_or_insert_default().extend(missing),
            }
        }
        match undecided {
            Some(missing) => Err(missing),
            None => Ok(enough.map_or(true_of == 1, |enough| !enough)),
        }
    }

    fn value(&mut self, node: &'f Node) -> Decided<'f> {
        Ok(match node {
            Node::Int(number) => Value::Int(*number),
            Node::Double(number) => Value::Double(*number),
            Node::Text(text) => Value::text(text),
            Node::List(elements) => {
                Value::List(elements.iter().map(|element| self.value(element)).collect::<Result<_, _>>()?)
            }
            Node::Read(variable) => present(self.facts.read(variable.fact), variable)?,
            Node::Local(slot) => self.locals.get(*slot).cloned().unwrap_or(Value::Bool(false)),
            Node::Field(slot, field) => present(self.field(*slot, field), field)?,
            Node::Entry(variable, name) => present(self.facts.entry(variable.fact, name), variable)?,
            Node::If(parts) => {
                let [condition, yes, no] = &**parts;
                let chosen = if self.holds(condition)? { yes } else { no };
                self.value(chosen)?
            }
            Node::Negate(inner) => match self.value(inner)? {
                Value::Int(number) => Value::Int(number.saturating_neg()),
                Value::Double(number) => Value::Double(-number),
                other => other,
            },
            Node::Calculate(sign, one, two) => {
                let (one, two) = self.pair(one, two)?;
                sign.of(&one, &two)
            }
            Node::Size(inner) => match self.value(inner)? {
                Value::List(elements) => Value::count(elements.len()),
                Value::Text(text) => Value::count(text.chars().count()),
                other => other,
            },
            Node::Filter(list, body) => {
                let mut kept = Vec::new();
                for element in self.elements(list)? {
                    if self.with(element.clone(), |walk| walk.holds(body))? {
                        kept.push(element);
                    }
                }
                Value::List(kept)
            }
            Node::Map(list, body) => {
                let mut made = Vec::new();
                for element in self.elements(list)? {
                    made.push(self.with(element, |walk| walk.value(body))?);
                }
                Value::List(made)
            }
            truth => Value::Bool(self.holds(truth)?),
        })
    }
}

/// How two values of like types stand to each other; `None` where neither comes first, as with what is no number.
fn compare(one: &Value<'_>, two: &Value<'_>) -> Option<Ordering> {
    match (one, two) {
        (Value::Bool(one), Value::Bool(two)) => Some(one.cmp(two)),
        (Value::Int(one), Value::Int(two)) => Some(one.cmp(two)),
        (Value::Text(one), Value::Text(two)) => Some(one.cmp(two)),
        (Value::Double(one), Value::Double(two)) => one.partial_cmp(two),
        (Value::Int(one), Value::Double(two)) => whole_with(*one, *two),
        (Value::Double(one), Value::Int(two)) => whole_with(*two, *one).map(Ordering::reverse),
        _ => None,
    }
}

/// A whole number against one with a fraction. Beyond 2⁵³ the neighbours of a whole number are all the same fraction:
/// far beyond what is counted here.
fn whole_with(whole: i64, number: f64) -> Option<Ordering> {
    #[allow(clippy::cast_precision_loss, reason = "nothing that is counted here comes near 2^53")]
    let whole = whole as f64;
    whole.partial_cmp(&number)
}

impl Comparison {
    fn holds(self, order: Option<Ordering>) -> bool {
        match (self, order) {
            (Self::Differs, None) => true,
            (_, None) => false,
            (Self::Equals, Some(order)) => order == Ordering::Equal,
            (Self::Differs, Some(order)) => order != Ordering::Equal,
            (Self::Less, Some(order)) => order == Ordering::Less,
            (Self::LessOrEqual, Some(order)) => order != Ordering::Greater,
            (Self::Greater, Some(order)) => order == Ordering::Greater,
            (Self::GreaterOrEqual, Some(order)) => order != Ordering::Less,
        }
    }
}

impl TextTest {
    pub(super) fn holds(self, text: &str, part: &str) -> bool {
        match self {
            Self::StartsWith => text.starts_with(part),
            Self::EndsWith => text.ends_with(part),
            Self::Contains => text.contains(part),
        }
    }
}

impl Arithmetic {
    /// The check lets two numbers of one type through, and no divisor that is 0.
    fn of<'f>(self, one: &Value<'f>, two: &Value<'f>) -> Value<'f> {
        match (one, two) {
            (Value::Int(one), Value::Int(two)) => Value::Int(match self {
                Self::Add => one.saturating_add(*two),
                Self::Subtract => one.saturating_sub(*two),
                Self::Multiply => one.saturating_mul(*two),
                Self::Divide => one.checked_div(*two).unwrap_or(i64::MAX),
                Self::Remainder => one.checked_rem(*two).unwrap_or(0),
            }),
            (Value::Double(one), Value::Double(two)) => Value::Double(match self {
                Self::Add => one + two,
                Self::Subtract => one - two,
                Self::Multiply => one * two,
                Self::Divide | Self::Remainder => one / two,
            }),
            _ => Value::Int(0),
        }
    }
}
