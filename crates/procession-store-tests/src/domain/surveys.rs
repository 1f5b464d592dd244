use std::collections::BTreeSet;

use procession::{Command, Context, Decider, Event, Events, Handle, Module, Never, Saga};
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Survey {
    pub(crate) unanswered: BTreeSet<u32>,
    pub(crate) answers: u32,
    pub(crate) sum: u64,
    pub(crate) ended: u32,
}

/// Somebody who is asked.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Respondent {
    pub(crate) asked: u32,
}

#[derive(Command, Serialize, Deserialize)]
#[command(to = Survey, id = survey)]
pub(crate) struct StartSurvey {
    pub(crate) survey: String,
    pub(crate) respondents: u32,
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct SurveyStarted {
    survey: String,
    respondents: u32,
}

#[derive(Command, Serialize, Deserialize)]
#[command(to = Respondent, id = respondent)]
pub(crate) struct AskRespondent {
    respondent: String,
    survey: String,
    number: u32,
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct QuestionAnswered {
    survey: String,
    number: u32,
}

#[derive(Command, Serialize, Deserialize)]
#[command(to = Survey, id = survey)]
pub(crate) struct CountAnswer {
    pub(crate) survey: String,
    pub(crate) number: u32,
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct AnswerCounted {
    survey: String,
    number: u32,
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct SurveyEnded {
    survey: String,
}

#[derive(Events)]
pub(crate) enum SurveyEvent {
    Started(SurveyStarted),
    Counted(AnswerCounted),
    Ended(SurveyEnded),
}

#[derive(Events)]
pub(crate) enum RespondentEvent {
    Answered(QuestionAnswered),
}

impl Decider for Survey {
    const CATEGORY: &'static str = "survey";
    type Event = SurveyEvent;
    type Rejection = Never;

    fn evolve(&mut self, event: &SurveyEvent) {
        match event {
            SurveyEvent::Started(event) => self.unanswered = (0..event.respondents).collect(),
            SurveyEvent::Counted(event) => {
                self.unanswered.remove(&event.number);
                self.answers += 1;
                self.sum += u64::from(event.number);
            }
            SurveyEvent::Ended(_) => self.ended += 1,
        }
    }
}

impl Decider for Respondent {
    const CATEGORY: &'static str = "respondent";
    type Event = RespondentEvent;
    type Rejection = Never;

    fn evolve(&mut self, event: &RespondentEvent) {
        let RespondentEvent::Answered(_) = event;
        self.asked += 1;
    }
}

impl Handle<StartSurvey> for Survey {
    type Records = Option<SurveyStarted>;

    fn handle(&self, command: StartSurvey, _: &Context) -> Result<Self::Records, Never> {
        let StartSurvey { survey, respondents } = command;
        let is_new = self.unanswered.is_empty() && self.answers == 0;
        Ok(is_new.then_some(SurveyStarted { survey, respondents }))
    }
}

impl Handle<CountAnswer> for Survey {
    type Records = Option<(AnswerCounted, Option<SurveyEnded>)>;

    /// An answer that came before is not counted again, and one that nobody asked for is not counted at all.
    fn handle(&self, command: CountAnswer, _: &Context) -> Result<Self::Records, Never> {
        let CountAnswer { survey, number } = command;
        if !self.unanswered.contains(&number) {
            return Ok(None);
        }
        let is_last = self.unanswered.len() == 1;
        let ended = is_last.then(|| SurveyEnded { survey: survey.clone() });
        Ok(Some((AnswerCounted { survey, number }, ended)))
    }
}

impl Handle<AskRespondent> for Respondent {
    type Records = QuestionAnswered;

    fn handle(&self, command: AskRespondent, _: &Context) -> Result<QuestionAnswered, Never> {
        Ok(QuestionAnswered { survey: command.survey, number: command.number })
    }
}

pub(crate) fn module() -> Module {
    let survey = Saga::named("survey")
        .on(|event: &SurveyStarted| (0..event.respondents).map(|it| ask(event, it)).collect::<Vec<_>>())
        .on(|event: &QuestionAnswered| CountAnswer { survey: event.survey.clone(), number: event.number });
    Module::named("surveys")
        .handles::<StartSurvey>()
        .handles::<CountAnswer>()
        .handles::<AskRespondent>()
        .saga(survey)
}

fn ask(event: &SurveyStarted, number: u32) -> AskRespondent {
    let survey = event.survey.clone();
    AskRespondent { respondent: format!("{survey}-{number}"), survey, number }
}
