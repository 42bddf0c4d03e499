//! Sheets to print: the certificate of an appointment and the notice in the compound (R4). One
//! page each, with nothing from elsewhere; every value is text and can be nothing else.

use std::fmt::Write;

use axum::response::{IntoResponse, Response};
use chrono::{Datelike, NaiveDate};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use record::RecordId;

use crate::hex;
use crate::layers::Styled;
use crate::shape::names::Named;

/// What stands on a certificate.
pub(crate) struct Certificate {
    pub(crate) number: String,
    pub(crate) name: String,
    pub(crate) role: Named,
    pub(crate) place: String,
    pub(crate) from: NaiveDate,
    pub(crate) until: Option<NaiveDate>,
    pub(crate) in_force: bool,
    pub(crate) agreement: Option<String>,
    pub(crate) issued: NaiveDate,
    pub(crate) issuer: String,
    pub(crate) issuer_short: String,
    pub(crate) record: RecordId,
}

/// What stands on a notice.
pub(crate) struct Notice {
    pub(crate) place: String,
    pub(crate) people: Vec<Posted>,
    pub(crate) issuer: String,
    pub(crate) issuer_short: String,
    pub(crate) date: NaiveDate,
}

/// A line of a notice. The telephone number is masked already.
pub(crate) struct Posted {
    pub(crate) name: String,
    pub(crate) phone: String,
    pub(crate) role: Named,
    pub(crate) place: String,
    pub(crate) from: NaiveDate,
    pub(crate) until: Option<NaiveDate>,
    pub(crate) number: String,
    pub(crate) record: RecordId,
}

/// A page, and the nonce under which its style is let through.
pub(crate) struct Sheet {
    html: String,
    nonce: String,
}

const STYLE: &str = "
body { margin: 0; background: #f5f7fa; color: #1f2933; line-height: 1.6;
  font-family: system-ui, 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif; font-size: 16px; }
main { max-width: 180mm; margin: 8mm auto; padding: 16mm; background: #fff;
  border: 1px solid #5b6470; }
h1 { text-align: center; font-size: 32px; letter-spacing: .2em; margin: 0 0 8px; }
h1 small { display: block; font-size: 16px; letter-spacing: 0; font-weight: normal; }
[lang=en] { color: #5b6470; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 16px; }
dt { color: #5b6470; } dd { margin: 0; }
code { overflow-wrap: anywhere; font-size: 13px; }
table { width: 100%; border-collapse: collapse; font-size: 14px; }
th, td { border: 1px solid #5b6470; padding: 6px 8px; text-align: left; vertical-align: top; }
.over { color: #b8231b; font-weight: bold; text-align: center; }
@page { size: A4; margin: 12mm; }
@media print { body { background: #fff; } main { border: 0; margin: 0; padding: 0; max-width: none; }
  tr { break-inside: avoid; } thead { display: table-header-group; } }
";

/// A certificate as a page.
pub(crate) fn certificate(paper: &Certificate) -> Sheet {
    let mut body = String::new();
    let (role, role_en) = names(&paper.role);
    let (until, until_en) = (term(paper.until), term_en(paper.until));
    put(&mut body, "<h1>聘书<small lang=\"en\">Certificate of appointment</small></h1>");
    if !paper.in_force {
        put(&mut body, "<p class=\"over\">本聘书现不在有效期内 · not in force now</p>");
    }
    let _ = write!(
        body,
        "<p>兹聘任 <strong>{name}</strong> 为 <strong>{place}</strong> <strong>{role}</strong>，\
         任期自 {from} 起{until}。</p>\
         <p lang=\"en\">{name} is appointed {role_en}, {place}, from {from_en} {until_en}.</p>",
        name = escaped(&paper.name),
        place = escaped(&paper.place),
        role = escaped(&role),
        role_en = escaped(&role_en),
        from = day(paper.from),
        from_en = paper.from,
    );
    put(&mut body, "<dl>");
    line(&mut body, "证书编号 No.", &paper.number);
    if let Some(agreement) = &paper.agreement {
        line(&mut body, "聘任协议 Agreement", agreement);
    }
    line(&mut body, "颁发单位 Issued by", &format!("{}（{}）", paper.issuer, paper.issuer_short));
    line(&mut body, "颁发日期 Date", &day(paper.issued));
    put(&mut body, "</dl>");
    check(&mut body, paper.record);
    sheet("聘书 Certificate of appointment", &body)
}

/// A notice as a page.
pub(crate) fn notice(paper: &Notice) -> Sheet {
    let mut body = String::new();
    let _ = write!(
        body,
        "<h1>公示<small lang=\"en\">Public notice: who serves here</small></h1>\
         <p>{place} 网格服务人员公示如下。 \
         <span lang=\"en\">Those who serve {place}.</span></p>",
        place = escaped(&paper.place),
    );
    put(
        &mut body,
        "<table><thead><tr><th>姓名<br>Name</th><th>职务<br>Role</th><th>范围<br>Where</th>\
         <th>任期<br>Term</th><th>电话<br>Phone</th><th>证书编号、记录号<br>Certificate, record</th>\
         </tr></thead><tbody>",
    );
    for posted in &paper.people {
        let (role, role_en) = names(&posted.role);
        let _ = write!(
            body,
            "<tr><td>{}</td><td>{}<br><span lang=\"en\">{}</span></td><td>{}</td><td>{}起{}</td>\
             <td>{}</td><td>{}<br><code>{}</code></td></tr>",
            escaped(&posted.name),
            escaped(&role),
            escaped(&role_en),
            escaped(&posted.place),
            day(posted.from),
            term(posted.until),
            escaped(&posted.phone),
            escaped(&posted.number),
            posted.record,
        );
    }
    let _ = write!(
        body,
        "</tbody></table><p>{}（{}） {}</p>\
         <p>核对：凭记录号访问本单位节点 <code>/v1/certificates/记录号/check</code>。 \
         <span lang=\"en\">To check: ask the unit's node by the record.</span></p>",
        escaped(&paper.issuer),
        escaped(&paper.issuer_short),
        day(paper.date),
    );
    sheet("公示 Public notice", &body)
}

fn check(body: &mut String, record: RecordId) {
    let _ = write!(
        body,
        "<p>核对：凭记录号 <code>{record}</code> 访问颁发单位节点 \
         <code>/v1/certificates/{record}/check</code>。 <span lang=\"en\">To check: ask the issuing \
         node by this record.</span></p>"
    );
}

fn line(body: &mut String, name: &str, value: &str) {
    let _ = write!(body, "<dt>{}</dt><dd>{}</dd>", escaped(name), escaped(value));
}

fn put(body: &mut String, html: &'static str) {
    body.push_str(html);
}

fn sheet(title: &'static str, body: &str) -> Sheet {
    // The page comes to no other style, and to no script at all.
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    let nonce = hex::encode(&bytes);
    let html = format!(
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <style nonce=\"{nonce}\">{STYLE}</style></head><body><main>{body}</main></body></html>"
    );
    Sheet { html, nonce }
}

fn names(named: &Named) -> (String, String) {
    let name = named.name.clone().unwrap_or_else(|| named.key.clone());
    (name, named.name_en.clone().unwrap_or_else(|| named.key.clone()))
}

fn day(date: NaiveDate) -> String {
    format!("{}年{}月{}日", date.year(), date.month(), date.day())
}

fn term(until: Option<NaiveDate>) -> String {
    until.map_or_else(String::new, |until| format!("至{}止", day(until)))
}

fn term_en(until: Option<NaiveDate>) -> String {
    until.map_or_else(|| "on".into(), |until| format!("until {until}"))
}

/// A text that can be nothing but text, in an element or a quoted attribute.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c if c.is_control() => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}

impl IntoResponse for Sheet {
    fn into_response(self) -> Response {
        let mut response = self.html.into_response();
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, html);
        response.extensions_mut().insert(Styled { nonce: self.nonce });
        response
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn paper(words: &str) -> Certificate {
        let named =
            Named { key: words.into(), name: Some(words.into()), name_en: Some(words.into()) };
        let date = NaiveDate::from_ymd_opt(2026, 3, 2).unwrap();
        Certificate {
            number: words.into(),
            name: words.into(),
            role: named,
            place: words.into(),
            from: date,
            until: Some(date),
            in_force: false,
            agreement: Some(words.into()),
            issued: date,
            issuer: words.into(),
            issuer_short: words.into(),
            record: RecordId::ZERO,
        }
    }

    fn posted(words: &str) -> Notice {
        let Certificate { number, name, role, place, from, until, record, .. } = paper(words);
        let posted = Posted { name, phone: words.into(), role, place, from, until, number, record };
        Notice {
            place: words.into(),
            people: vec![posted],
            issuer: words.into(),
            issuer_short: words.into(),
            date: from,
        }
    }

    /// The tags of a page, in order.
    fn tags(html: &str) -> Vec<&str> {
        html.split('<').skip(1).map(|rest| rest.split('>').next().unwrap_or(rest)).collect()
    }

    fn without_nonce(sheet: Sheet) -> String {
        sheet.html.replace(&sheet.nonce, "")
    }

    proptest! {
        /// Whatever people are called: the page has the same tags as with a plain word.
        #[test]
        fn r4_a_name_on_a_certificate_is_never_markup(
            words in "[<>&\"'/a-z =!-]{0,20}|.{0,30}|</style><script>alert\\(1\\)</script>",
        ) {
            for (odd, plain) in [
                (certificate(&paper(&words)), certificate(&paper("词"))),
                (notice(&posted(&words)), notice(&posted("词"))),
            ] {
                let (odd, plain) = (without_nonce(odd), without_nonce(plain));
                prop_assert_eq!(tags(&odd), tags(&plain));
                prop_assert!(!odd.to_lowercase().contains("<script"));
            }
        }
    }

    #[test]
    fn r4_a_certificate_says_by_what_it_is_checked() {
        let html = certificate(&paper("吴秀英")).html;
        for part in [
            "吴秀英",
            "2026年3月2日",
            "聘书",
            "Certificate of appointment",
            "/check",
            "@media print",
        ] {
            assert!(html.contains(part), "{part}");
        }
        assert!(html.contains(&RecordId::ZERO.to_string()) && html.contains("not in force"));
        assert!(!html.contains("http://") && !html.contains("https://"), "nothing from elsewhere");
    }
}
