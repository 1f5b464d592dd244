//! The BPMN of the map is well-formed, all that it refers to is there, and all that is there has its place.

use std::collections::{BTreeMap, BTreeSet};

use quick_xml::{Reader, events::Event};

use super::trips::travel_desk;

/// An element, with the ids of those it stands in.
#[derive(Debug, Clone)]
struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    text: String,
    inside: Vec<String>,
}

fn elements() -> Vec<Element> {
    let xml = travel_desk().map().to_bpmn();
    let (mut reader, mut elements, mut open) = (Reader::from_str(&xml), Vec::new(), Vec::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Start(it) => {
                elements.push(element(&it, &open, &elements));
                open.push(elements.len() - 1);
            }
            Event::Empty(it) => elements.push(element(&it, &open, &elements)),
            Event::End(_) => _ = open.pop().unwrap(),
            Event::Text(it) => {
                if let Some(at) = open.last() {
                    elements[*at].text.push_str(it.trim());
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(open.is_empty(), "an element is not closed");
    elements
}

fn element(start: &quick_xml::events::BytesStart<'_>, open: &[usize], elements: &[Element]) -> Element {
    let attributes = start.attributes().map(|it| {
        let it = it.unwrap();
        (it.key.as_ref().to_owned(), it.value.into_owned())
    });
    let inside = open.iter().map(|it| elements[*it].attributes.get("id").cloned().unwrap_or_default());
    Element {
        name: start.name().as_ref().to_owned(),
        attributes: attributes.collect(),
        text: String::new(),
        inside: inside.collect(),
    }
}

impl Element {
    fn get(&self, attribute: &str) -> Option<&str> {
        self.attributes.get(attribute).map(String::as_str)
    }

    fn number(&self, attribute: &str) -> i32 {
        self.get(attribute).unwrap().parse().unwrap()
    }

    fn process(&self) -> &str {
        self.inside.iter().find(|it| it.starts_with("process_") && *it != "process_map").unwrap()
    }
}

fn named<'a>(elements: &'a [Element], name: &str) -> impl Iterator<Item = &'a Element> {
    elements.iter().filter(move |it| it.name == name)
}

#[test]
fn ids_are_unique_and_every_reference_leads_to_one() {
    let elements = elements();
    let ids: Vec<&str> = elements.iter().filter_map(|it| it.get("id")).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "an id is used twice");
    let mut references = 0;
    for element in &elements {
        let attributes = element.attributes.iter();
        let attributes = attributes.filter(|(key, _)| key.ends_with("Ref") || *key == "bpmnElement");
        let texts = ["incoming", "outgoing", "flowNodeRef"];
        let text = texts.contains(&element.name.as_str()).then_some(&element.text);
        for reference in attributes.map(|(_, it)| it).chain(text) {
            references += 1;
            assert!(ids.contains(&reference.as_str()), "{element:?}: there is no {reference}");
        }
    }
    assert!(references > 100, "only {references} references");
}

#[test]
fn every_module_has_a_pool() {
    let elements = elements();
    let pools: Vec<_> = named(&elements, "participant").filter_map(|it| it.get("name")).collect();
    assert_eq!(pools, ["rooms", "trips"]);
}

#[test]
fn sequences_stay_in_a_pool_and_messages_leave_it() {
    let elements = elements();
    let process = |id: &str| {
        elements.iter().find(|it| it.get("id") == Some(id)).map(|it| it.process().to_owned()).unwrap()
    };
    let ends = |it: &Element| (process(it.get("sourceRef").unwrap()), process(it.get("targetRef").unwrap()));
    let (mut sequences, mut messages) = (0, 0);
    for (from, to) in named(&elements, "sequenceFlow").map(ends) {
        sequences += 1;
        assert_eq!(from, to);
    }
    for (from, to) in named(&elements, "messageFlow").map(ends) {
        messages += 1;
        assert_ne!(from, to);
    }
    assert!(sequences > 10 && messages > 5);
}

#[test]
fn starts_have_nothing_before_them_and_ends_nothing_behind() {
    let elements = elements();
    let flows: Vec<_> = named(&elements, "sequenceFlow").collect();
    let kind = |id: &str| elements.iter().find(|it| it.get("id") == Some(id)).map(|it| it.name.as_str());
    for flow in flows {
        let (from, to) = (kind(flow.get("sourceRef").unwrap()), kind(flow.get("targetRef").unwrap()));
        assert!(from != Some("endEvent") && to != Some("startEvent"), "{flow:?}");
        assert_ne!(to, Some("boundaryEvent"), "{flow:?}");
    }
}

#[test]
fn all_that_is_there_is_drawn_and_nothing_lies_on_something_else() {
    let elements = elements();
    let drawn: BTreeSet<_> = elements.iter().filter_map(|it| it.get("bpmnElement")).collect();
    let kinds = ["Task", "Event", "Gateway", "Flow", "participant", "lane", "association"];
    let own = elements.iter().filter(|it| !it.name.contains(':'));
    let to_be_drawn = own.filter(|it| kinds.iter().any(|kind| it.name.ends_with(kind)));
    for element in to_be_drawn {
        assert!(drawn.contains(element.get("id").unwrap()), "{element:?} is not drawn");
    }
    let tasks: Vec<_> = named(&elements, "dc:Bounds")
        .map(|it| ["x", "y", "width", "height"].map(|side| it.number(side)))
        .filter(|it| it[2..] == [220, 60])
        .collect();
    assert!(tasks.len() > 10);
    for (index, [x, y, width, height]) in tasks.iter().enumerate() {
        for [other_x, other_y, ..] in &tasks[index + 1..] {
            let apart = (x - other_x).abs() >= *width || (y - other_y).abs() >= *height;
            assert!(apart, "two tasks are at {x}, {y}");
        }
    }
}

#[test]
fn no_flow_runs_through_a_task() {
    let elements = elements();
    let of = |id: &str, name: &'static str| -> Vec<&Element> {
        elements.iter().filter(|it| it.name == name && it.inside.iter().any(|outer| outer == id)).collect()
    };
    let tasks = named(&elements, "dc:Bounds").filter(|it| it.get("width") == Some("220"));
    let tasks: Vec<_> = tasks.filter(|it| it.get("height") == Some("60")).collect();
    let mut pieces = 0;
    for edge in named(&elements, "bpmndi:BPMNEdge") {
        let points = of(edge.get("id").unwrap(), "di:waypoint");
        let points: Vec<_> = points.iter().map(|it| (it.number("x"), it.number("y"))).collect();
        assert!(points.len() > 1, "{edge:?} leads nowhere");
        for piece in points.windows(2) {
            let [(from_x, from_y), (to_x, to_y)] = *piece else { panic!("two points") };
            pieces += 1;
            for task in &tasks {
                let (left, top) = (task.number("x"), task.number("y"));
                let beside = from_x.max(to_x) <= left || from_x.min(to_x) >= left + 220;
                let above_or_below = from_y.max(to_y) <= top || from_y.min(to_y) >= top + 60;
                assert!(beside || above_or_below, "{edge:?} runs through a task at {left}, {top}");
            }
        }
    }
    assert!(pieces > 50);
}

#[test]
fn time_limits_failures_and_compensation_stand_on_the_border_of_their_step() {
    let elements = elements();
    let step = named(&elements, "sendTask").find(|it| it.get("name") == Some("hold the room")).unwrap();
    let borders: Vec<_> = named(&elements, "boundaryEvent")
        .filter(|it| it.get("attachedToRef") == step.get("id"))
        .map(|it| it.get("name").unwrap_or_default())
        .collect();
    assert_eq!(borders, ["", "HoldRoom rejected", "1h"]);
    assert_eq!(named(&elements, "timeDuration").next().unwrap().text, "PT1H");
    let undoes = named(&elements, "serviceTask").filter(|it| it.get("isForCompensation").is_some());
    assert_eq!(undoes.filter_map(|it| it.get("name")).collect::<Vec<_>>(), ["ReleaseRoom", "RefundCard"]);
}
