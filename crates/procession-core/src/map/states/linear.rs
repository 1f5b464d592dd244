use super::Diagram;
use crate::{
    MessageType,
    map::{
        ProcessMap, ProcessOutline, Stage, StageStep,
        process::{often, spoken},
    },
};

/// The way forward from top to bottom, and the way back through what undoes the steps, in reverse order.
pub(super) fn draw(map: &ProcessMap, saga: &ProcessOutline, diagram: &mut Diagram) {
    let starts = names(&saga.started_by);
    let mut way = Way { diagram, places: Vec::new(), knots: 0 };
    let end = way.forward(&saga.stages, Leaving { from: "[*]".into(), label: starts }, &mut Vec::new());
    way.diagram.state("completed", "SagaCompleted", "ended");
    way.diagram.arrow(&end.from, "completed", &end.label);
    way.diagram.arrow("completed", "[*]", "");
    let places = way.places;
    back(&places, diagram);
    failures(map, &places, diagram);
}

/// The arrow that leads on from what is drawn so far.
struct Leaving {
    from: String,
    label: String,
}

/// A step or a save-point, in the order of the saga.
enum Place<'a> {
    Step { step: &'a StageStep, branch: Vec<(usize, usize)> },
    SavePoint { retries: u32, again: String },
}

struct Way<'a, 'd> {
    diagram: &'d mut Diagram,
    places: Vec<Place<'a>>,
    knots: usize,
}

impl<'a> Way<'a, '_> {
    fn forward(
        &mut self,
        stages: &'a [Stage],
        mut last: Leaving,
        branch: &mut Vec<(usize, usize)>,
    ) -> Leaving {
        for stage in stages {
            last = match stage {
                Stage::Step(step) => self.step(step, &last, branch),
                Stage::Parallel(branches) => self.parallel(branches, &last, branch),
                Stage::SavePoint { name, retries, pause } => {
                    let id = at("save_point", self.places.len());
                    self.diagram.state(&id, name, "saved");
                    self.diagram.arrow(&last.from, &id, &last.label);
                    let pause =
                        if pause.is_zero() { String::new() } else { format!(" after {}", spoken(*pause)) };
                    let again = format!("again{pause}, at most {}", often(*retries));
                    self.places.push(Place::SavePoint { retries: *retries, again });
                    Leaving { from: id, label: String::new() }
                }
            };
        }
        last
    }

    fn step(&mut self, step: &'a StageStep, last: &Leaving, branch: &[(usize, usize)]) -> Leaving {
        let id = at("step", self.places.len());
        self.diagram.state(&id, step.name, "running");
        let label = match last.label.as_str() {
            "" => format!("/ {}", step.sends.name),
            taken => format!("{taken} / {}", step.sends.name),
        };
        self.diagram.arrow(&last.from, &id, &label);
        self.places.push(Place::Step { step, branch: branch.to_vec() });
        Leaving { from: id, label: names(&step.completes_on) }
    }

    fn parallel(
        &mut self,
        branches: &'a [Vec<Stage>],
        last: &Leaving,
        branch: &mut Vec<(usize, usize)>,
    ) -> Leaving {
        self.knots += 1;
        let number = self.knots;
        let (fork, join) = (at("fork", number), at("join", number));
        self.diagram.knot(&fork, "fork");
        self.diagram.knot(&join, "join");
        self.diagram.arrow(&last.from, &fork, &last.label);
        for (index, stages) in branches.iter().enumerate() {
            branch.push((number, index));
            let end = self.forward(stages, Leaving { from: fork.clone(), label: String::new() }, branch);
            branch.pop();
            self.diagram.arrow(&end.from, &join, &end.label);
        }
        Leaving { from: join, label: String::new() }
    }
}

/// From what undoes the last step to what undoes the first one, by way of the save-points.
fn back(places: &[Place<'_>], diagram: &mut Diagram) {
    diagram.state("compensated", "SagaCompensated", "ended");
    for (index, place) in places.iter().enumerate().rev() {
        match place {
            Place::Step { step, .. } => {
                let Some(undo) = &step.compensation else { continue };
                let (id, label) = (at("undo", index), undo.completes_on.name);
                diagram.state(&id, &format!("undo {}", step.name), "undoing");
                let (to, then) = before(places, index, |_| true);
                diagram.arrow(&id, &to, &followed(label, &then));
            }
            Place::SavePoint { retries, again } => {
                let id = at("back_at", index);
                diagram.knot(&id, "choice");
                if *retries > 0 {
                    diagram.arrow(&id, &at("save_point", index), again);
                }
                let (to, then) = before(places, index, |_| true);
                diagram.arrow(&id, &to, &followed("or else", &then));
            }
        }
    }
    diagram.arrow("compensated", "[*]", "");
}

/// Where a failing saga goes from a place: to the nearest one before it that can be undone or come back to.
fn before(places: &[Place<'_>], index: usize, may_be_done: impl Fn(usize) -> bool) -> (String, String) {
    let earlier = places.iter().enumerate().take(index).rev().filter(|(index, _)| may_be_done(*index));
    for (index, place) in earlier {
        match place {
            Place::SavePoint { .. } => return (at("back_at", index), String::new()),
            Place::Step { step, .. } => {
                if let Some(undo) = &step.compensation {
                    return (at("undo", index), undo.sends.name.into());
                }
            }
        }
    }
    ("compensated".into(), String::new())
}

/// When a step fails, all that is done is undone, also in the branches beside it. A step that was not done in time
/// may be done after all, and is undone too.
fn failures(map: &ProcessMap, places: &[Place<'_>], diagram: &mut Diagram) {
    for (index, place) in places.iter().enumerate() {
        let Place::Step { step, branch } = place else { continue };
        let beside = |it: &Place<'_>| match it {
            Place::Step { branch: other, .. } => {
                branch.iter().any(|(fork, number)| other.iter().any(|(f, n)| f == fork && n != number))
            }
            Place::SavePoint { .. } => false,
        };
        let may_be_done = |it: usize| it < index || places.get(it).is_some_and(beside);
        let (to, then) = before(places, places.len(), may_be_done);
        let mut reasons: Vec<String> = step.fails_on.iter().map(|it| it.name.into()).collect();
        if map.may_reject(step.sends) {
            reasons.push(format!("{} rejected", step.sends.name));
        }
        if !reasons.is_empty() {
            let reasons = reasons.join(" or ");
            if step.retries > 0 {
                let again = format!("{reasons}, tried again {}", often(step.retries));
                diagram.arrow(&at("step", index), &at("step", index), &again);
            }
            diagram.arrow(&at("step", index), &to, &followed(&reasons, &then));
        }
        if let Some(within) = step.within {
            let (to, then) = before(places, places.len(), |it| it == index || may_be_done(it));
            diagram.arrow(&at("step", index), &to, &followed(&format!("after {}", spoken(within)), &then));
        }
    }
}

fn followed(label: &str, command: &str) -> String {
    if command.is_empty() { label.into() } else { format!("{label} / {command}") }
}

fn at(what: &str, index: usize) -> String {
    format!("{what}_{index}")
}

fn names(messages: &[MessageType]) -> String {
    messages.iter().map(|it| it.name).collect::<Vec<_>>().join(" or ")
}
