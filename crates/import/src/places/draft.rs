//! A place as a row of a file describes it.

use chrono::FixedOffset;
use governance::area::AreaCode;
use governance::territory::{Boundary, MAX_NAME, Point};
use record::{Subject, Timestamp};

use crate::columns::{Column, Line, MAX_LINE, Mapping, Table};
use crate::coordinates::{System, undeclared};
use crate::problem::{Fault, Problem, Spot};
use crate::shape::geojson::Features;
use crate::shape::{bad_point, from_wkt};
use crate::table::Book;

/// What a row says about a place; what it does not say stays as it is.
#[derive(Clone)]
pub struct Draft {
    /// Where it stands in the file.
    pub spot: Spot,
    /// The place's own id, from an export.
    pub id: Option<Subject>,
    /// Official code.
    pub code: Option<AreaCode>,
    /// Level, in the file's word.
    pub level: Option<String>,
    /// Name.
    pub name: String,
    /// The parent's code or name.
    pub parent: Option<String>,
    /// Households.
    pub households: Option<u32>,
    /// Address.
    pub address: Option<String>,
    /// Where it is, WGS-84.
    pub point: Option<Point>,
    /// Where it lies, WGS-84.
    pub boundary: Option<Boundary>,
    /// When this begins.
    pub from: Option<Timestamp>,
    /// When it ends.
    pub until: Option<Timestamp>,
}

/// The columns of a table of places.
#[must_use]
pub fn columns() -> Vec<Column> {
    let column = |key, zh, en, names: &[&str]| Column::new(key, zh, en, names, key == "name");
    vec![
        column("name", "名称", "name", &["网格名称", "区划名称", "社区名称", "单位名称", "地名"]),
        column(
            "code",
            "代码",
            "code",
            &[
                "区划代码",
                "行政区划代码",
                "统计用区划代码",
                "网格编码",
                "网格代码",
                "编码",
                "adcode",
                "网格编号",
            ],
        ),
        column("level", "层级", "level", &["级别", "类型", "网格层级", "网格类型"]),
        column(
            "parent",
            "上级代码",
            "parent code",
            &[
                "上级",
                "上级名称",
                "父级代码",
                "parent",
                "parent.adcode",
                "所属网格",
                "所属社区",
                "所属街道",
                "所属",
                "pid",
                "parentid",
            ],
        ),
        column("households", "户数", "households", &["居民户数", "总户数", "常住户数"]),
        column("address", "地址", "address", &["详细地址", "位置", "坐落"]),
        column("longitude", "经度", "longitude", &["lng", "lon", "long", "x坐标", "x"]),
        column("latitude", "纬度", "latitude", &["lat", "y坐标", "y"]),
        column("boundary", "边界", "boundary", &["边界WKT", "wkt", "geometry", "geom", "边界坐标"]),
        column("from", "启用日期", "valid from", &["生效日期", "设立日期", "开始日期"]),
        column("until", "停用日期", "valid until", &["撤销日期", "失效日期", "结束日期"]),
        column("place", "地点标识", "place id", &[]),
    ]
}

/// A file's drafts.
#[derive(Default)]
pub struct Drafts {
    /// Those that can be read.
    pub drafts: Vec<Draft>,
    /// How many rows can't be.
    pub refused: usize,
    /// The coordinate system that was declared.
    pub system: Option<System>,
    /// What is wrong, and what to look at.
    pub problems: Vec<Problem>,
}

/// The drafts of a table's rows; a row with an error is left out and named.
#[must_use]
pub fn from_table(
    book: &Book,
    mapping: &Mapping,
    system: Option<System>,
    zone: FixedOffset,
) -> Drafts {
    let mut drafts = Drafts { system, problems: book.problems.clone(), ..Drafts::default() };
    let Some(table) = Table::bind(book, &columns(), mapping, &mut drafts.problems) else {
        return drafts;
    };
    for line in table.lines() {
        let (draft, found) = read(&line, system, zone);
        drafts.keep(draft, found);
    }
    drafts
}

/// The drafts of a GeoJSON file's features. Coordinates among the properties are not read: the
/// geometry counts.
#[must_use]
pub fn from_geojson(features: &Features, mapping: &Mapping, zone: FixedOffset) -> Drafts {
    let mut drafts = Drafts { system: Some(features.system), ..Drafts::default() };
    let mut columns = columns();
    columns.retain(|column| !["longitude", "latitude", "boundary"].contains(&column.key.as_str()));
    let Some(table) = Table::bind(&features.book, &columns, mapping, &mut drafts.problems) else {
        return drafts;
    };
    for line in table.lines() {
        let (mut draft, mut found) = read(&line, None, zone);
        let at = (line.number() as usize).checked_sub(1);
        match at.and_then(|at| features.shapes.get(at)) {
            Some(Some(Ok(boundary))) => draft.boundary = Some(boundary.clone()),
            Some(Some(Err(problem))) => found.push(problem.clone()),
            Some(None) | None => {}
        }
        drafts.keep(draft, found);
    }
    drafts
}

impl Drafts {
    fn keep(&mut self, draft: Draft, found: Vec<Problem>) {
        if found.iter().any(Problem::is_error) {
            self.refused += 1;
        } else {
            self.drafts.push(draft);
        }
        self.problems.extend(found);
    }
}

fn read(line: &Line<'_>, system: Option<System>, zone: FixedOffset) -> (Draft, Vec<Problem>) {
    let mut found: Vec<Problem> = line.overlong().into_iter().collect();
    let problems = &mut found;
    let moment = |key, problems: &mut Vec<Problem>| line.moment(key, Some(zone), problems);
    let draft = Draft {
        spot: line.here(),
        id: id(line, problems),
        code: line.code("code", problems),
        level: line.word("level", MAX_LINE, problems),
        name: line.need("name", MAX_NAME, problems).unwrap_or_default(),
        parent: line.word("parent", MAX_LINE, problems),
        households: line.count("households", problems),
        address: line.word("address", MAX_LINE, problems),
        point: point(line, system, problems),
        boundary: outline(line, system, problems),
        from: moment("from", problems).map(|moment| moment.start()),
        until: moment("until", problems).map(|moment| moment.start()),
    };
    (draft, found)
}

fn id(line: &Line<'_>, problems: &mut Vec<Problem>) -> Option<Subject> {
    let label = line.label("place", problems)?;
    let id = label.parse();
    if id.is_err() {
        problems.push(
            Problem::error(
                Fault::UnknownPlace,
                line.spot("place"),
                "应为 32 位十六进制的地点标识；没有就留空",
                "should be a place id of 32 hex digits, or nothing",
            )
            .of(&label),
        );
    }
    id.ok()
}

fn point(line: &Line<'_>, system: Option<System>, problems: &mut Vec<Problem>) -> Option<Point> {
    let lon = line.number_in("longitude", problems);
    let lat = line.number_in("latitude", problems);
    let spot = line.spot("longitude");
    match (lon, lat) {
        (None, None) => None,
        (Some(0.0), Some(0.0)) => {
            problems.push(Problem::warning(
                Fault::ZeroPoint,
                spot,
                "经纬度为 0，视为没有坐标",
                "longitude and latitude are zero: taken for none",
            ));
            None
        }
        (Some(lon), Some(lat)) => {
            let Some(system) = system else {
                problems.push(undeclared(spot));
                return None;
            };
            system.point(lon, lat).map_err(|error| problems.push(bad_point(&error, spot))).ok()
        }
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

fn outline(
    line: &Line<'_>,
    system: Option<System>,
    problems: &mut Vec<Problem>,
) -> Option<Boundary> {
    let text = line.text("boundary", problems)?;
    let spot = line.spot("boundary");
    let Some(system) = system else {
        problems.push(undeclared(spot));
        return None;
    };
    from_wkt(&text, system).map_err(|error| problems.push(error.problem(spot).of(&text))).ok()
}
