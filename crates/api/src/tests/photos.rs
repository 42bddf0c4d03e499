//! Photos through the API: what comes in, what is kept of it, and who is shown it (S19).

use axum::extract::Request;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use super::house::{Answer, BUILDING, House, Who, report};
use crate::state::{Config, Quota, Rate};

/// A small photo with somebody's position in its comment, and another behind its end.
fn photo(number: u64) -> Vec<u8> {
    let drawn = photo::sample::draw(number, 64, 48);
    let comment = [b"\xff\xfe\x00\x18".as_slice(), GPS].concat();
    [&drawn[..2], &comment, &drawn[2..], b"<script>", GPS].concat()
}

const GPS: &[u8] = b"N29.8683 E118.4314 \x01\x02\x03";

fn holds(bytes: &[u8], canary: &[u8]) -> bool {
    bytes.windows(canary.len()).any(|window| window == canary)
}

async fn send(house: &House, who: &str, path: &str, kind: &str, body: Vec<u8>) -> Answer {
    let mut request = Request::post(path).header(CONTENT_TYPE, kind);
    if !who.is_empty() {
        request = request.header(AUTHORIZATION, house.bearer(who).await);
    }
    house.send(request.body(body.into()).unwrap()).await
}

/// A photo that the house keeps, as an act names it.
async fn kept(house: &House, who: &str, number: u64, moment: &str) -> Value {
    let answer = send(house, who, "/v1/photos", "image/jpeg", photo(number)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    let mut named = answer.json();
    named["moment"] = json!(moment);
    named
}

/// A form as a browser sends it: fields, and files under the name `photo`.
fn form(fields: &[(&str, &str)], files: &[Vec<u8>]) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (name, value) in fields {
        let head = format!("--BOUND\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend([head.as_bytes(), value.as_bytes(), b"\r\n"].concat());
    }
    for file in files {
        let head = "--BOUND\r\nContent-Disposition: form-data; name=\"photo\"; \
            filename=\"../../etc/IMG.svg\"\r\nContent-Type: image/svg+xml\r\n\r\n";
        body.extend([head.as_bytes(), file, b"\r\n"].concat());
    }
    body.extend(b"--BOUND--\r\n");
    ("multipart/form-data; boundary=BOUND".into(), body)
}

fn fields() -> Vec<(&'static str, &'static str)> {
    vec![
        ("title", "路灯不亮"),
        ("description", "第一行\r\n第二行"),
        ("channel", "resident"),
        ("category", ""),
        ("point", "118.425, 29.865"),
        ("contact_phone", ""),
    ]
}

async fn shown(house: &House, who: &str, case: &str, hash: &str) -> Answer {
    house.get(Who::Bearer(who), &format!("/v1/cases/{case}/photos/{hash}")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_without_script_reports_with_photos() {
    let house = House::build().await;
    let (kind, body) = form(&fields(), &[photo(1), Vec::new(), photo(2), photo(1)]);
    let answer = send(&house, "", "/v1/reports", &kind, body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let case = house.get(Who::Bearer("dispatcher"), &format!("/v1/cases/{id}")).await.json();
    let photos = case["fields"]["photos"].as_array().unwrap();
    assert_eq!(photos.len(), 2, "an empty file is none, and the same twice is one");
    assert_eq!(case["fields"]["description"], "第一行\n第二行");
    for photo in photos {
        assert_eq!((&photo["media"], &photo["moment"]), (&json!("image/jpeg"), &json!("before")));
        let hash = photo["hash"].as_str().unwrap();
        let seen = shown(&house, "dispatcher", &id, hash).await;
        assert_eq!(
            (seen.status, seen.bytes.len() as u64),
            (StatusCode::OK, photo["size"].as_u64().unwrap())
        );
        assert_eq!(record::Hash::of(&seen.bytes).to_string(), hash);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_with_photos_as_large_as_a_phone_makes_them_is_taken() {
    let house = House::build().await;
    let large = [photo(1), vec![0; 5 << 20]].concat();
    let (kind, body) = form(&fields(), &[large]);
    let answer = send(&house, "", "/v1/reports", &kind, body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_what_is_kept_nor_what_is_served_says_where_a_photo_was_taken() {
    let house = House::build().await;
    assert!(holds(&photo(1), GPS));
    let mut report = report(BUILDING[0]);
    report["photos"] = json!([kept(&house, "grid1", 1, "before").await]);
    let opened = house.post(Who::Bearer("grid1"), "/v1/cases", report.clone()).await;
    assert_eq!(opened.status, StatusCode::CREATED, "{}", opened.text);
    let id = opened.json()["id"].as_str().unwrap().to_owned();
    let hash = report["photos"][0]["hash"].as_str().unwrap();
    let seen = shown(&house, "grid1", &id, hash).await;
    assert!(seen.bytes.starts_with(b"\xff\xd8\xff\xe0") && !holds(&seen.bytes, GPS));
    assert!(!holds(&seen.bytes, b"<script"));
    for hash in house.store.photos().hashes() {
        use engine::blob::Blobs;
        let stored = house.store.photos().get(&hash).unwrap().unwrap();
        assert!(!holds(&stored, GPS) && !holds(&stored, b"<script"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_is_served_as_a_picture_and_as_nothing_else() {
    let house = House::build().await;
    let mut report = report(BUILDING[0]);
    report["photos"] = json!([kept(&house, "grid1", 1, "before").await]);
    let opened = house.post(Who::Bearer("grid1"), "/v1/cases", report.clone()).await.json();
    let hash = report["photos"][0]["hash"].as_str().unwrap();
    let id = opened["id"].as_str().unwrap();
    let seen = shown(&house, "grid1", id, hash).await;
    assert_eq!(seen.headers["content-type"], "image/jpeg");
    assert_eq!(seen.headers["x-content-type-options"], "nosniff");
    assert!(seen.headers["content-security-policy"].to_str().unwrap().contains("sandbox"));
    let name = seen.headers["content-disposition"].to_str().unwrap();
    assert!(name.starts_with("inline; filename=\"") && name.ends_with(".jpg\""));
    let tag = seen.headers["etag"].to_str().unwrap();
    let path = format!("/v1/cases/{id}/photos/{hash}");
    let again =
        house.call(Method::GET, &path, Who::Bearer("grid1"), None, &[("if-none-match", tag)]).await;
    assert_eq!((again.status, again.bytes.len()), (StatusCode::NOT_MODIFIED, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_see_the_case_does_not_see_its_photos() {
    let house = House::build().await;
    let mut one = report(BUILDING[0]);
    one["photos"] = json!([kept(&house, "grid1", 1, "before").await]);
    let opened = house.post(Who::Bearer("grid1"), "/v1/cases", one.clone()).await.json();
    let (id, hash) = (opened["id"].as_str().unwrap(), one["photos"][0]["hash"].as_str().unwrap());
    let (other, code) = house.reported(BUILDING[1]).await;
    for (who, status) in
        [("grid1", 200), ("dispatcher", 200), ("grid2", 404), ("ops", 404), ("leaver", 403)]
    {
        assert_eq!(shown(&house, who, id, hash).await.status.as_u16(), status, "{who}");
    }
    // By way of another case it is not there, for those either who see that one.
    assert_eq!(shown(&house, "dispatcher", &other, hash).await.status.as_u16(), 404);
    let path = format!("/v1/reports/{code}/photos/{hash}");
    assert_eq!(house.get(Who::Nobody, &path).await.status.as_u16(), 404);
    assert_eq!(house.get(Who::Nobody, &format!("/v1/cases/{id}/photos/{hash}")).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_shows_before_and_after_and_its_reporter_sees_what_was_done() {
    let house = House::build().await;
    let (id, code) = house.reported(BUILDING[0]).await;
    let after = kept(&house, "grid1", 2, "after").await;
    let act = json!({ "act": "settle_on_spot", "opinion": "已清理", "photos": [after] });
    let done = house.post(Who::Bearer("grid1"), &format!("/v1/cases/{id}/acts"), act).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    let seen = house.get(Who::Nobody, &format!("/v1/reports/{code}")).await.json();
    assert_eq!(seen["steps"][1]["fields"]["photos"][0]["hash"], after["hash"]);
    let hash = after["hash"].as_str().unwrap();
    let path = format!("/v1/reports/{code}/photos/{hash}");
    assert_eq!(house.get(Who::Nobody, &path).await.status, StatusCode::OK);
    // And shows what they see themselves.
    let own = send(&house, "", &format!("/v1/reports/{code}/photos"), "image/jpeg", photo(3)).await;
    let mut own = own.json();
    own["moment"] = json!("after");
    let verify = json!({ "act": "verify", "solved": false, "photos": [own, after] });
    let path = format!("/v1/reports/{code}/acts");
    let verified = house.post(Who::Nobody, &path, verify).await;
    assert_eq!(verified.status, StatusCode::OK, "{}", verified.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_that_is_not_here_is_not_shown() {
    let house = House::build().await;
    let (id, _) = house.reported(BUILDING[0]).await;
    let act =
        |photo: &Value| json!({ "act": "settle_on_spot", "opinion": "好", "photos": [photo] });
    let path = format!("/v1/cases/{id}/acts");
    let mut other = kept(&house, "grid1", 1, "after").await;
    other["size"] = json!(other["size"].as_u64().unwrap() + 1);
    let unknown =
        json!({ "hash": "00".repeat(32), "size": 9, "media": "image/jpeg", "moment": "after" });
    for photo in [&other, &unknown] {
        let refused = house.post(Who::Bearer("grid1"), &path, act(photo)).await;
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (422, "field"));
        assert!(refused.text.contains("body.photos"));
    }
    // What another case shows is not for this one, unless it is uploaded for it.
    let mine = kept(&house, "grid2", 5, "before").await;
    let mut two = report(BUILDING[1]);
    two["photos"] = json!([mine]);
    assert_eq!(house.post(Who::Bearer("grid2"), "/v1/cases", two).await.status, 201);
    assert_eq!(house.post(Who::Bearer("grid1"), &path, act(&mine)).await.status, 422);
    kept(&house, "grid1", 5, "before").await;
    assert_eq!(house.post(Who::Bearer("grid1"), &path, act(&mine)).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_files_are_refused_by_name_in_both_languages_and_leave_nothing() {
    let house = House::build().await;
    let whole = photo::sample::draw(1, 64, 48);
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec();
    let mut giant = whole.clone();
    let frame = giant.windows(2).position(|pair| pair == b"\xff\xc0").unwrap();
    giant[frame + 5..frame + 9].copy_from_slice(&[0xff; 4]);
    for (file, english, chinese) in [
        (svg, "no JPEG, PNG or WebP", "不是 JPEG"),
        (b"GIF89a".to_vec(), "no JPEG, PNG or WebP", "不是 JPEG"),
        (whole[..whole.len() - 9].to_vec(), "breaks off", "没有传完整"),
        (giant, "65535", "65535"),
        (Vec::new(), "no JPEG, PNG or WebP", "不是 JPEG"),
    ] {
        for (language, words) in [("en", english), ("zh", chinese)] {
            let request = Request::post("/v1/photos")
                .header(AUTHORIZATION, house.bearer("grid1").await)
                .header("accept-language", language)
                .body(file.clone().into());
            let answer = house.send(request.unwrap()).await;
            assert_eq!((answer.status.as_u16(), answer.code().as_str()), (422, "photo"));
            assert!(answer.json()["detail"].as_str().unwrap().contains(words), "{}", answer.text);
        }
    }
    let large = send(&house, "grid1", "/v1/photos", "image/png", vec![0; 13 << 20]).await;
    assert_eq!(large.code(), "too-large");
    let (kind, body) = form(&fields(), &vec![whole.clone(); 10]);
    assert_eq!(send(&house, "", "/v1/reports", &kind, body).await.code(), "field");
    let (kind, body) = form(&fields(), &[b"<svg/>".to_vec()]);
    assert_eq!(send(&house, "", "/v1/reports", &kind, body).await.code(), "photo");
    let (kind, body) = form(&fields(), &[]);
    assert_eq!(
        send(&house, "", "/v1/reports", &kind, body[..60].to_vec()).await.code(),
        "malformed"
    );
    assert!(house.store.photos().hashes().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_no_act_shows_is_forgotten_after_a_day() {
    let house = House::build().await;
    let (id, _) = house.reported(BUILDING[0]).await;
    let [loose, used] =
        [kept(&house, "grid1", 1, "after").await, kept(&house, "grid1", 2, "after").await];
    let path = format!("/v1/cases/{id}/acts");
    let act = |photo: &Value| json!({ "act": "progress", "note": "在办", "photos": [photo] });
    let shows = json!({ "act": "settle_on_spot", "opinion": "好", "photos": [used] });
    assert_eq!(house.post(Who::Bearer("grid1"), &path, shows).await.status, 200);
    house.pass(engine::command::UPLOADED);
    let kept = || engine::view::kept_photos(house.handle.reader()).unwrap();
    for _ in 0..400 {
        if kept().len() == 1 {
            break;
        }
        // Whatever comes in lets the engine's own tick come.
        house.reported(BUILDING[1]).await;
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(kept().first().unwrap().to_string(), used["hash"].as_str().unwrap());
    assert_eq!(house.post(Who::Bearer("dispatcher"), &path, act(&loose)).await.status, 422);
    assert_eq!(shown(&house, "dispatcher", &id, used["hash"].as_str().unwrap()).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_photos_is_held_back_and_staff_are_not() {
    let few = Rate { burst: 3, per_hour: 1 };
    let quota = Quota { photos: few, ..Quota::default() };
    let house = House::with(Config { quota, ..Config::default() }).await;
    let mut taken = 0;
    for number in 0..6 {
        let answer = send(&house, "grid1", "/v1/photos", "image/jpeg", photo(number)).await;
        taken += u8::from(answer.status == StatusCode::CREATED);
        assert!(answer.status == StatusCode::CREATED || answer.code() == "too-many");
    }
    assert_eq!(taken, 3);
    kept(&house, "grid2", 9, "before").await;
}
