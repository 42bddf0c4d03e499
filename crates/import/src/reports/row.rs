//! A row as a report.

use chrono::FixedOffset;
use governance::act::{
    Act, MAX_DESCRIPTION, MAX_LINE, MAX_TEXT, MAX_TITLE, Origin, Report, is_unseen,
};
use governance::territory::Point;
use record::{Subject, Timestamp};

use super::source::{MAX_ID, Words};
use super::{Counts, Imported, Source, Zero};
use crate::columns::{Line, control_character, empty, long};
use crate::lookup::Lookup;
use crate::moment::Moment;
use crate::problem::{Fault, Problem, Severity};
use crate::shape::bad_point;

/// Reads rows as a source's mapping says.
pub(super) struct Reader<'a> {
    source: &'a Source,
    zone: Option<FixedOffset>,
    places: Option<Lookup>,
    now: Timestamp,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a Source, places: Option<Lookup>, now: Timestamp) -> Self {
        Self { source, zone: source.offset(), places, now }
    }

    /// The row's report. With an error among the problems it is not to be used.
    pub(super) fn read(
        &self,
        line: &Line<'_>,
        problems: &mut Vec<Problem>,
        counts: &mut Counts,
    ) -> Option<Imported> {
        let columns = &self.source.columns;
        problems.extend(line.overlong());
        let number = match &columns.id {
            Some(header) => Some(line.need(header, MAX_ID, problems)?),
            None => None,
        };
        let (title, description) = self.words(line, problems, counts)?;
        let received = self.times(line, problems);
        let report = Report {
            title,
            description,
            channel: self.key_of(
                line,
                &self.source.channel,
                columns.channel.as_ref(),
                Fault::UnknownChannel,
                problems,
            )?,
            category: self.category(line, problems),
            place: self.place(line, problems),
            address: self.address(line, problems),
            point: self.point(line, problems, counts),
            happened: received.map(Moment::start),
            contact_name: word(line, columns.contact_name.as_ref(), MAX_LINE, problems),
            contact_phone: word(line, columns.contact_phone.as_ref(), MAX_LINE, problems),
            involved: word(line, columns.involved.as_ref(), MAX_TEXT, problems),
            photos: vec![],
        };
        let number = number.unwrap_or_else(|| digest(&report));
        let origin = Origin { source: self.source.key.clone(), number };
        let act = Act::Report(Box::new(report));
        // What the rules would refuse is refused here, whatever it is.
        if let Err(wrong) = act.check() {
            problems.push(Problem::error(
                Fault::RuleBroken,
                line.here(),
                format!("{} 不合规则：{}", wrong.field, wrong.what),
                wrong.to_string(),
            ));
        }
        let Act::Report(report) = act else { return None };
        Some(Imported { spot: line.here(), origin, report: *report })
    }

    /// Title and description; where one is missing it is made from the other.
    fn words(
        &self,
        line: &Line<'_>,
        problems: &mut Vec<Problem>,
        counts: &mut Counts,
    ) -> Option<(String, String)> {
        let columns = &self.source.columns;
        let before = problems.len();
        let join = |headers: &[String], by: &str, problems: &mut Vec<Problem>| {
            let parts: Vec<String> =
                headers.iter().filter_map(|header| text(line, header, problems)).collect();
            parts.join(by)
        };
        let title = join(&columns.title, " · ", problems).replace(['\n', '\t'], " ");
        let mut description = join(&columns.description, "\n", problems);
        for append in &self.source.append {
            if let Some(value) = text(line, &append.column, problems) {
                let gap = if description.is_empty() { "" } else { "\n" };
                description.push_str(&format!("{gap}{}：{value}", append.label));
            }
        }
        if problems.len() > before {
            return None;
        }
        let title = if title.is_empty() {
            description.lines().next().unwrap_or_default().to_owned()
        } else {
            title
        };
        if description.is_empty() {
            description.clone_from(&title);
        }
        let header =
            columns.description.first().or(columns.title.first()).map_or("", String::as_str);
        if title.trim().is_empty() {
            problems.push(empty(line.spot(header)));
            return None;
        }
        let (title, cut) = shortened(title, &mut description);
        if cut {
            counts.shortened += 1;
            problems.push(title_cut(line, columns.title.first().map_or(header, String::as_str)));
        }
        let length = description.chars().count();
        if length > MAX_DESCRIPTION {
            problems.push(long(line.spot(header), length, MAX_DESCRIPTION).of(&description));
            return None;
        }
        Some((title, description))
    }

    fn times(&self, line: &Line<'_>, problems: &mut Vec<Problem>) -> Option<Moment> {
        let columns = &self.source.columns;
        let mut moment = |header: &Option<String>| {
            header.as_ref().and_then(|header| line.moment(header, self.zone, problems))
        };
        let (received, closed) = (moment(&columns.received), moment(&columns.closed));
        if let (Some(received), Some(closed), Some(header)) = (received, closed, &columns.closed)
            && closed.end() < received.start()
        {
            problems.push(
                Problem::error(
                    Fault::EndBeforeStart,
                    line.spot(header),
                    format!("办结时间早于受理时间 {}；请核对", received.start()),
                    format!("closed before it was opened at {}: check both", received.start()),
                )
                .of(line.cell(header).to_text()),
            );
        }
        let late = |moment: &Moment| moment.start() > self.now;
        for (moment, header) in [(received, &columns.received), (closed, &columns.closed)] {
            if let (Some(_), Some(header)) = (moment.filter(late), header) {
                problems.push(
                    Problem::error(
                        Fault::Future,
                        line.spot(header),
                        "时间在将来；请核对年份和时区",
                        "the time lies in the future: check the year and the zone",
                    )
                    .of(line.cell(header).to_text()),
                );
            }
        }
        received
    }

    fn category(&self, line: &Line<'_>, problems: &mut Vec<Problem>) -> Option<String> {
        let (words, header) = (&self.source.category, self.source.columns.category.as_ref());
        // A source that says nothing of categories leaves them to whoever sorts.
        let silent = words.words.is_empty() && words.otherwise.is_none();
        if silent {
            None
        } else {
            self.key_of(line, words, header, Fault::UnknownCategory, problems)
        }
    }

    fn key_of(
        &self,
        line: &Line<'_>,
        words: &Words,
        header: Option<&String>,
        fault: Fault,
        problems: &mut Vec<Problem>,
    ) -> Option<String> {
        let word = word(line, header, MAX_LINE, problems);
        let key = words.find(word.as_deref()).map(str::to_owned);
        if key.is_none() {
            let known = words.words.keys().take(20).cloned().collect::<Vec<_>>().join("、");
            let spot = header.map_or_else(|| line.here(), |header| line.spot(header));
            problems.push(
                Problem::error(
                    fault,
                    spot,
                    format!("导入设置里没有这个词；已有：{known}"),
                    format!("the mapping does not have this word; it has: {known}"),
                )
                .of(word.unwrap_or_default()),
            );
        }
        key
    }

    /// The grid that the row names. One that is not found is left to whoever sorts.
    fn place(&self, line: &Line<'_>, problems: &mut Vec<Problem>) -> Option<Subject> {
        let header = self.source.columns.place.as_ref()?;
        let label = line.word(header, MAX_LINE, problems)?;
        let found = self.places.as_ref()?.find(&label);
        let doubt = |problem: Problem| Problem { severity: Severity::Warning, ..problem };
        found.map_err(|miss| problems.push(doubt(miss.problem(line.spot(header), &label)))).ok()
    }

    fn address(&self, line: &Line<'_>, problems: &mut Vec<Problem>) -> Option<String> {
        let headers = self.source.columns.address.iter();
        let parts: Vec<String> =
            headers.filter_map(|header| line.word(header, MAX_LINE, problems)).collect();
        let address: String = parts.join(" ").chars().take(MAX_LINE).collect();
        (!address.is_empty()).then_some(address)
    }

    fn point(
        &self,
        line: &Line<'_>,
        problems: &mut Vec<Problem>,
        counts: &mut Counts,
    ) -> Option<Point> {
        let columns = &self.source.columns;
        let (lon, lat) = (columns.longitude.as_ref()?, columns.latitude.as_ref()?);
        let rule = self.source.coordinates.as_ref()?;
        let spot = line.spot(lon);
        match (line.number_in(lon, problems), line.number_in(lat, problems)) {
            (None, None) => None,
            (Some(0.0), Some(0.0)) => {
                match rule.zero {
                    Zero::Absent => counts.zero_points += 1,
                    Zero::Error => problems.push(Problem::error(
                        Fault::ZeroPoint,
                        spot,
                        "经纬度为 0；没有坐标就留空",
                        "longitude and latitude are zero; leave them empty where there is no point",
                    )),
                }
                None
            }
            (Some(lon), Some(lat)) => rule
                .system
                .point(lon, lat)
                .map_err(|error| problems.push(bad_point(&error, spot)))
                .ok(),
            (Some(_), None) | (None, Some(_)) => {
                problems.push(Problem::error(
                    Fault::HalfPoint,
                    spot,
                    "经度和纬度要么都填，要么都不填",
                    "give longitude and latitude, or neither",
                ));
                None
            }
        }
    }
}

/// What stands for a number where the source gives none: a digest of the report's words.
fn digest(report: &Report) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("wangge report without a number v1");
    for (field, value) in report.words() {
        hasher.update(&field.0.to_be_bytes());
        hasher.update(&(value.len() as u64).to_be_bytes()).update(&value);
    }
    hasher.finalize().to_hex()[..32].to_owned()
}

/// A text whose control characters, other than line breaks and tabs, are refused.
fn text(line: &Line<'_>, header: &str, problems: &mut Vec<Problem>) -> Option<String> {
    let text = line.text(header, problems)?;
    if let Some(at) = text.chars().position(is_unseen) {
        problems.push(control_character(line.spot(header), &text, at));
        return None;
    }
    Some(text)
}

fn word(
    line: &Line<'_>,
    header: Option<&String>,
    most: usize,
    problems: &mut Vec<Problem>,
) -> Option<String> {
    line.word(header?, most, problems)
}

/// The title cut to its bound, with the whole put before the description.
fn shortened(title: String, description: &mut String) -> (String, bool) {
    if title.chars().nth(MAX_TITLE).is_none() {
        return (title, false);
    }
    if !description.starts_with(&title) {
        *description = format!("{title}\n{description}");
    }
    (title.chars().take(MAX_TITLE - 1).chain(['…']).collect(), true)
}

fn title_cut(line: &Line<'_>, header: &str) -> Problem {
    Problem::warning(
        Fault::Shortened,
        line.spot(header),
        format!("标题超过 {MAX_TITLE} 个字，已截短；全文放在描述里"),
        format!(
            "the title has more than {MAX_TITLE} characters and was cut; the whole stands in the description"
        ),
    )
}
