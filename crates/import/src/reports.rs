//! Reports in bulk: messages, open data, a hotline's work orders (C9). Every row becomes a report
//! or a named error, and bears the source's own number, or a digest of its words where the source
//! gives none: by it the engine knows it again, so that the same file twice gives no doubles.

mod row;
mod source;

use std::collections::BTreeMap;

use governance::act::{Origin, Report};
use governance::territory::Territory;
use record::Timestamp;
use serde::Serialize;

pub use source::{
    Append, Columns, Coordinates, FileRule, Out, OutColumn, OutValue, Source, SourceError, Words,
    Zero,
};

use crate::columns::{Column, Mapping, Table};
use crate::lookup::Lookup;
use crate::problem::{Fault, Problem, Spot};
use crate::table::Book;

/// What a file's rows are read against.
pub struct Options<'a> {
    /// Where the source names grids, the places they are.
    pub territory: Option<&'a Territory>,
    /// The time now: reports from the future are refused.
    pub now: Timestamp,
}

/// What a file holds.
#[derive(Default)]
pub struct Import {
    /// Its reports, in its order.
    pub reports: Vec<Imported>,
    /// What is wrong, and what to look at.
    pub problems: Vec<Problem>,
    /// How many rows came to what; together they are all of the file's rows.
    pub counts: Counts,
}

/// A row as a report.
#[derive(Clone, PartialEq)]
pub struct Imported {
    /// Its row.
    pub spot: Spot,
    /// The source, and its own number of it.
    pub origin: Origin,
    /// The report.
    pub report: Report,
}

/// How many rows came to what.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Counts {
    /// Reports.
    pub reports: usize,
    /// Rows that repeat an earlier one.
    pub repeated: usize,
    /// Rows with errors.
    pub refused: usize,
    /// Reports without a point because both coordinates are zero.
    pub zero_points: usize,
    /// Reports whose title was shortened.
    pub shortened: usize,
}

/// Reads a file's rows as reports.
#[must_use]
pub fn read(book: &Book, source: &Source, options: &Options<'_>) -> Import {
    let mut import = Import { problems: book.problems.clone(), ..Import::default() };
    let Some(table) = Table::bind(book, &columns(source), &Mapping::new(), &mut import.problems)
    else {
        return import;
    };
    let places = options.territory.map(|territory| Lookup::new(territory, options.now));
    let reader = row::Reader::new(source, places, options.now);
    // Number → index of the report that has it.
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    for line in table.lines() {
        let (mut found, mut marks) = (Vec::new(), Counts::default());
        let imported = reader.read(&line, &mut found, &mut marks);
        let imported = imported.filter(|_| !found.iter().any(Problem::is_error));
        import.problems.append(&mut found);
        let Some(imported) = imported else {
            import.counts.refused += 1;
            continue;
        };
        match numbers.get(&imported.origin.number).and_then(|index| import.reports.get(*index)) {
            None => {
                numbers.insert(imported.origin.number.clone(), import.reports.len());
                import.counts.reports += 1;
                import.counts.zero_points += marks.zero_points;
                import.counts.shortened += marks.shortened;
                import.reports.push(imported);
            }
            Some(first) => {
                let problem = twice(first, &imported);
                if problem.is_error() {
                    import.counts.refused += 1;
                } else {
                    import.counts.repeated += 1;
                }
                import.problems.push(problem);
            }
        }
    }
    import.problems.extend(summary(import.counts));
    import
}

/// Every column that the source names, under its own header.
fn columns(source: &Source) -> Vec<Column> {
    let named = &source.columns;
    let single = [
        &named.id,
        &named.received,
        &named.closed,
        &named.contact_name,
        &named.contact_phone,
        &named.involved,
        &named.place,
        &named.longitude,
        &named.latitude,
        &named.category,
        &named.channel,
    ];
    let lists = named.title.iter().chain(&named.description).chain(&named.address);
    let all = single.into_iter().flatten().chain(lists);
    let all = all.chain(source.append.iter().map(|append| &append.column));
    let mut columns: Vec<Column> = Vec::new();
    for header in all {
        // A column may serve twice, as title and in the description.
        if columns.iter().all(|column| column.key != *header) {
            columns.push(Column::new(
                header,
                header,
                header,
                &[],
                !named.optional.contains(header),
            ));
        }
    }
    columns
}

fn twice(first: &Imported, second: &Imported) -> Problem {
    let row = first.spot.row.unwrap_or_default();
    let (spot, same) = (second.spot.clone(), first.report == second.report);
    let problem = if same {
        Problem::note(
            Fault::Repeated,
            spot,
            format!("与第 {row} 行相同，略过"),
            format!("the same as row {row}: left out"),
        )
    } else {
        Problem::error(
            Fault::Conflict,
            spot,
            format!("编号与第 {row} 行相同，内容却不同；请核对编号"),
            format!("it has the number of row {row} and says otherwise: check the numbers"),
        )
    };
    problem.of(&second.origin.number)
}

/// What would otherwise be said thousands of times.
fn summary(counts: Counts) -> Option<Problem> {
    let zero = counts.zero_points;
    (zero > 0).then(|| {
        Problem::note(
            Fault::ZeroPoint,
            Spot::default(),
            format!("{zero} 行的经纬度为 0，视为没有坐标"),
            format!("{zero} rows have longitude and latitude zero: taken for none"),
        )
    })
}

#[cfg(test)]
mod tests;
