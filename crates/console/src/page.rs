//! The frame of every page, and how a template becomes an answer.

use std::fmt::Display;

use askama::Template;
use axum::response::{IntoResponse, Response};
use governance::policy::Power;
use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use record::Timestamp;

use crate::assets;
use crate::moment;
use crate::shape::me::Me;
use crate::shape::name::{Named, NodeName};
use crate::shape::person::Person;
use crate::state::State;
use crate::trouble::{Fault, Trouble};
use crate::visit::Visit;
use crate::words::{Language, Words};

/// What every template has as `p`.
#[derive(Clone)]
pub(crate) struct Page {
    pub(crate) language: Language,
    /// Large type (长辈版).
    pub(crate) large: bool,
    /// The node's name, which stands in every page's head.
    pub(crate) node: String,
    /// Its id.
    pub(crate) node_id: String,
    /// Path and query of this page, to come back to.
    pub(crate) here: String,
    /// The token that forms repeat.
    pub(crate) token: String,
    /// Key of the entry of the navigation that it belongs to; empty for none.
    pub(crate) tab: &'static str,
    /// Who is signed in.
    pub(crate) me: Option<Me>,
    /// Only a part of a page, to be put into one.
    pub(crate) part: bool,
    /// When it was made.
    pub(crate) now: Timestamp,
    /// How the node's place reckons its time.
    pub(crate) offset: chrono::FixedOffset,
}

impl Page {
    /// The frame for a visitor of whom nothing else is known.
    pub(crate) fn new(state: &State, visit: &Visit, tab: &'static str) -> Self {
        let handle = &state.handle;
        Self {
            language: visit.language,
            large: visit.large,
            node: handle.setup().standing.certificate().name.clone(),
            node_id: handle.setup().me().to_string(),
            here: visit.here.clone(),
            token: visit.token(),
            tab,
            me: None,
            part: visit.part,
            now: handle.now(),
            offset: handle.world().policy().hours.offset(),
        }
    }

    /// The frame for somebody who is signed in.
    pub(crate) fn signed_in(mut self, me: &Me) -> Self {
        self.me = Some(me.clone());
        self
    }

    /// As the page at another path, where this answer to a form has none of its own.
    pub(crate) fn at(mut self, here: impl Into<String>) -> Self {
        self.here = here.into();
        self
    }

    pub(crate) fn is_english(&self) -> bool {
        self.language == Language::En
    }

    pub(crate) fn words(&self) -> Words {
        Words(self.language)
    }

    /// Words by key.
    pub(crate) fn say(&self, key: &str) -> String {
        self.words().say(key, &[])
    }

    /// Words with one value in them.
    pub(crate) fn told(&self, key: &str, name: &str, value: impl Display) -> String {
        self.words().say(key, &[(name, value.to_string())])
    }

    /// Words with two values in them.
    pub(crate) fn told2(
        &self,
        key: &str,
        one: &str,
        value: impl Display,
        two: &str,
        other: impl Display,
    ) -> String {
        self.words().say(key, &[(one, value.to_string()), (two, other.to_string())])
    }

    /// Words for one of a family: `family-member`, where the member is a code of the API.
    pub(crate) fn of(&self, family: &str, member: impl Display) -> String {
        self.words().member(family, &member.to_string())
    }

    /// A code's name in the page's language; the code itself where nobody here knows it.
    pub(crate) fn name(&self, named: &Named) -> String {
        let english = named.name_en.as_ref().filter(|_| self.is_english());
        english.or(named.name.as_ref()).unwrap_or(&named.key).clone()
    }

    /// A node's name; of one that this node has never met, that it is another, with the beginning of
    /// its short id to tell two of them apart.
    pub(crate) fn node_name(&self, node: &NodeName) -> String {
        let beginning = node.short.split('-').next().unwrap_or_default();
        node.name.clone().unwrap_or_else(|| self.told("node-unknown", "short", beginning))
    }

    /// Words as they begin a line or a label.
    pub(crate) fn heading(&self, text: impl AsRef<str>) -> String {
        let mut letters = text.as_ref().chars();
        letters.next().map(char::to_uppercase).into_iter().flatten().chain(letters).collect()
    }

    /// What was wrong, with what the API says of each field in the page's own words.
    pub(crate) fn wrong(&self, trouble: &Trouble) -> String {
        let mut text = trouble.detail.clone().unwrap_or_else(|| trouble.title(self));
        for fault in &trouble.faults {
            text.push(' ');
            text.push_str(&self.fault(fault));
        }
        text
    }

    /// What is wrong with one field. What it is called and what is wrong have no words of a page
    /// where only a program makes that mistake.
    pub(crate) fn fault(&self, fault: &Fault) -> String {
        let input = fault.input();
        let what = self.words().known("fault", input).unwrap_or_else(|| self.amiss(&fault.message));
        let field = self.words().known("input", input);
        match field.or_else(|| self.words().known("field", input)) {
            Some(field) => self.told2("fault-says", "field", field, "what", what),
            None => what,
        }
    }

    /// What the API says of a field, which it says in English to programs.
    fn amiss(&self, message: &str) -> String {
        let most = message.split_once("; at most ").map(|(_, most)| most);
        let photos = message.strip_prefix("at most ").and_then(|rest| rest.strip_suffix(" photos"));
        match (message, most, photos) {
            (_, Some(most), _) => self.told("amiss-long", "n", most),
            (_, _, Some(most)) => self.told("amiss-photos", "n", most),
            ("must not be empty" | "is needed here", ..) => self.say("amiss-empty"),
            _ if message.starts_with("missing field") => self.say("amiss-empty"),
            _ if message.starts_with("control character") => self.say("amiss-unseen"),
            _ if self.is_english() => message.to_owned(),
            _ => self.say("amiss-other"),
        }
    }

    /// A person with what they do.
    pub(crate) fn person(&self, person: &Person) -> String {
        let mut text = person.name.clone().unwrap_or_default();
        for held in &person.appointments {
            text.push_str(" · ");
            text.push_str(&self.name(&held.role));
            if let Some(name) = held.scope.as_ref().and_then(|scope| scope.name.as_ref()) {
                let english = self.is_english();
                text.push_str(&if english {
                    format!(" ({name})")
                } else {
                    format!("（{name}）")
                });
            }
        }
        text
    }

    /// Day and time, in the node's own time.
    pub(crate) fn when(&self, at: &Timestamp) -> String {
        moment::when(*at, self.now, self.offset, self.words())
    }

    /// Day and time in full, as on paper.
    pub(crate) fn exact(&self, at: &Timestamp) -> String {
        moment::exact(*at, self.offset, self.words())
    }

    /// The day.
    pub(crate) fn day(&self, at: &Timestamp) -> String {
        moment::day(*at, self.offset, self.words())
    }

    /// How long ago or from now.
    pub(crate) fn relative(&self, at: &Timestamp) -> String {
        moment::from_now(*at, self.now, self.words())
    }

    /// A month that is written `2026-11`.
    pub(crate) fn month(&self, text: &str) -> Option<String> {
        let first: chrono::NaiveDate = format!("{text}-01").parse().ok()?;
        Some(moment::month_of(first, self.words()))
    }

    /// How long something took, in milliseconds.
    pub(crate) fn lasting(&self, millis: &u64) -> String {
        moment::lasting(*millis, self.words())
    }

    /// A date that somebody gave, without a time.
    pub(crate) fn date(&self, date: &chrono::NaiveDate) -> String {
        moment::date_of(*date, self.words())
    }

    /// A count, in groups of three once it is long.
    pub(crate) fn count(&self, count: &u64) -> String {
        moment::grouped(*count)
    }

    /// Date and time for a `datetime` attribute.
    pub(crate) fn machine(&self, at: &Timestamp) -> String {
        at.to_string()
    }

    /// The address of a static file, which changes with its content.
    pub(crate) fn asset(&self, name: &str) -> String {
        assets::address(name)
    }

    /// Whether whoever is signed in works outdoors, with a phone.
    pub(crate) fn is_outdoors(&self) -> bool {
        self.me.as_ref().is_some_and(Me::is_outdoors)
    }

    /// Whether whoever is signed in may read numbers.
    pub(crate) fn may_query(&self) -> bool {
        self.me.as_ref().is_some_and(Me::may_query)
    }

    /// Whether whoever is signed in runs the node.
    pub(crate) fn is_operator(&self) -> bool {
        self.me.as_ref().is_some_and(Me::is_operator)
    }

    /// Whether whoever is signed in brings in other systems' reports.
    pub(crate) fn may_take_in(&self) -> bool {
        self.me.as_ref().is_some_and(|me| me.powers.contains(&Power::Intake))
    }

    /// Whether this page is the one at a path, or one below a section of its kind.
    pub(crate) fn is_at(&self, path: &str) -> bool {
        let here = self.here.split('?').next().unwrap_or_default();
        let within = here.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
        here == path || within && path.matches('/').count() > 1
    }

    /// An address of this page's text in a query.
    pub(crate) fn escaped(&self, text: &str) -> String {
        form_urlencoded::byte_serialize(text.as_bytes()).collect()
    }
}

/// A template as an answer.
pub(crate) fn show(template: impl Template) -> Response {
    show_as(StatusCode::OK, template)
}

/// A template as an answer with a status.
pub(crate) fn show_as(status: StatusCode, template: impl Template) -> Response {
    match template.render() {
        Ok(html) => {
            let mut response = (status, html).into_response();
            let kind = HeaderValue::from_static("text/html; charset=utf-8");
            response.headers_mut().insert(CONTENT_TYPE, kind);
            response
        }
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            Trouble::internal().into_response()
        }
    }
}

/// To another page of ours, after a form (RFC 9110 §15.4.4).
pub(crate) fn go(to: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    match HeaderValue::from_str(to) {
        Ok(to) => {
            response.headers_mut().insert(LOCATION, to);
            response
        }
        Err(_) => Trouble::malformed().into_response(),
    }
}

/// A path of our own that somebody brought in a query; the front page where it could lead elsewhere.
pub(crate) fn own_path(text: Option<&str>) -> &str {
    let fits = |text: &&str| {
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        plain && text.starts_with('/') && !text.starts_with("//")
    };
    text.filter(fits).unwrap_or("/")
}
