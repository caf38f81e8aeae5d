//! What a package is for, told from who needs it: extras are followed only where somebody asks for them.
//!
//! Lockfiles list what a package needs for each of its extras, whether anybody uses the extra or not. A walk along
//! all edges would so call development packages runtime ones.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::model::{DependencyKind, GraphBuilder, Kinds, PackageIndex};

/// That a package is needed, with these of its extras (normalised names).
#[derive(Debug, Clone)]
pub(super) struct Step {
    /// The package.
    pub(super) to: PackageIndex,
    /// The extras that are asked for.
    pub(super) extras: Rc<[String]>,
}

/// Who needs whom.
#[derive(Debug, Default)]
pub(super) struct Needs {
    always: HashMap<PackageIndex, Vec<Step>>,
    for_extra: HashMap<PackageIndex, HashMap<String, Vec<Step>>>,
}

impl Needs {
    /// Adds what a package needs, always or for one of its extras (normalised name).
    pub(super) fn add(&mut self, from: PackageIndex, extra: Option<&str>, step: Step) {
        match extra {
            None => self.always.entry(from).or_default().push(step),
            Some(extra) => {
                self.for_extra.entry(from).or_default().entry(extra.to_owned()).or_default().push(step);
            }
        }
    }

    /// Marks everything that is reached from the starts with their kinds. Members are not walked through (they are
    /// starts themselves), but for the extras that are asked of them. Costs one pass over the steps for each kind.
    pub(super) fn mark(&self, starts: &[(Step, DependencyKind)], members: &[PackageIndex], graph: &mut GraphBuilder) {
        let members: HashSet<PackageIndex> = members.iter().copied().collect();
        for kind in DependencyKind::ALL {
            let mut seen: HashSet<(PackageIndex, Option<&str>)> = HashSet::new();
            let mut todo: Vec<&Step> = starts.iter().filter(|(_, of)| *of == kind).map(|(step, _)| step).collect();
            while let Some(step) = todo.pop() {
                let is_member = members.contains(&step.to);
                if !is_member && seen.insert((step.to, None)) {
                    graph.mark(step.to, None, Kinds::only(kind));
                    todo.extend(self.always.get(&step.to).into_iter().flatten());
                }
                let Some(for_extra) = self.for_extra.get(&step.to) else { continue };
                for extra in step.extras.iter() {
                    if let Some((extra, steps)) = for_extra.get_key_value(extra)
                        && seen.insert((step.to, Some(extra)))
                    {
                        todo.extend(steps);
                    }
                }
            }
        }
    }
}
