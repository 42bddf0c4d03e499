//! What people have on their desks besides cases: notes in grid workers' notebooks, a station, an
//! appointment that a second person has to confirm, and an invitation that nobody has taken up yet.

use chrono::{DateTime, Days, FixedOffset, NaiveDate, Utc};
use serde_json::{Value, json};

use super::{DayError, Scene};
use crate::client::Ask;
use crate::divisions;
use crate::enrol;
use crate::ledger::{Beside, Entry};
use crate::plan::Part;

/// Days ago, grid from 0, and what was noted.
const NOTES: [(u64, usize, &str); 5] = [
    (1, 0, "走访三单元王大爷（独居），血压药快吃完了，儿子周末回来取。约好周五再去。"),
    (0, 0, "楼下便利店老板说傍晚常有外卖车逆行，差点撞到放学的孩子。想和物业商量装减速带。"),
    (0, 0, "二号楼有住户在楼道种菜养鸡，邻居有意见，先劝了一次。"),
    (1, 1, "新搬来一户租客，一家四口，已提醒办居住登记。"),
    (0, 1, "广场舞队答应把音响调小，九点前结束。过两天再听听。"),
];
/// China's only time zone.
const EAST: i32 = 8 * 3_600;
/// How long an invitation waits, in hours.
const WAITS: u32 = 72;

impl Scene {
    /// Leaves all that at every node.
    ///
    /// # Errors
    /// [`DayError`].
    pub async fn leave_beside(&self) -> Result<(), DayError> {
        for (seat, place) in self.federation.plan.seats().iter().enumerate() {
            match place.part {
                Part::Community => {
                    self.note(seat).await?;
                    self.open_station(seat).await?;
                }
                Part::County | Part::Street => self.invite(seat).await?,
                Part::Unit => {}
            }
            self.propose(seat).await?;
        }
        Ok(())
    }

    async fn note(&self, seat: usize) -> Result<(), DayError> {
        for (number, (ago, grid, text)) in NOTES.into_iter().enumerate() {
            let place = &self.grounds[seat].grids[grid].id;
            let body = json!({ "place": place, "date": days_ago(ago), "text": text });
            let token = self.token_of(seat, &format!("grid{}", grid + 1));
            let ask = Ask::post("/v1/notes", body).by(&token);
            self.beside(seat, &format!("note-{seat}-{number}"), ask).await?;
        }
        Ok(())
    }

    /// A station in the second grid, where the policy has such (T3).
    async fn open_station(&self, seat: usize) -> Result<(), DayError> {
        let practice = &self.federation.practice;
        let Some(kind) = practice.policy().stations.kinds.first() else { return Ok(()) };
        let grid = &self.grounds[seat].grids[1];
        let name = self.federation.name(seat).trim_end_matches("社区").to_owned();
        let workday = json!([["08:30", "12:00"], ["14:00", "20:00"]]);
        let weekend = json!([["09:00", "21:00"]]);
        let days = [&workday, &workday, &workday, &workday, &workday, &weekend, &weekend];
        let body = json!({
            "kind": kind.key,
            "name": format!("{name}{}（演示）", kind.name),
            "place": grid.id,
            "point": grid.point(0.4, 0.6),
            "address": format!("{}东门", grid.name),
            "hours": { "week": days },
        });
        let ask = Ask::post("/v1/stations", body);
        let ask = ask.by(&enrol::operator_token(&self.federation, seat)?);
        self.beside(seat, &format!("station-{seat}"), ask).await
    }

    /// Proposes a second operator: whoever confirms it has to be another person (S18).
    async fn propose(&self, seat: usize) -> Result<(), DayError> {
        let login = match self.federation.plan.seats()[seat].part {
            Part::Community => "worker1",
            Part::County | Part::Street => "dispatcher",
            Part::Unit => "officer",
        };
        let person = {
            let state = self.federation.state();
            state.nodes[seat].people.get(login).cloned().unwrap_or_default()
        };
        let path = format!("/v1/people/{person}/appointments");
        let ask = Ask::post(path, json!({ "role": "operator" }));
        let ask = ask.by(&enrol::operator_token(&self.federation, seat)?);
        self.beside(seat, &format!("proposal-{seat}"), ask).await
    }

    async fn invite(&self, seat: usize) -> Result<(), DayError> {
        let seats = self.federation.plan.seats();
        let known = |code: &str| seats.iter().any(|place| format!("{:0<12}", place.area) == code);
        let next = match seats[seat].part {
            Part::County => divisions::towns_of(&seats[seat].area).find(|one| !known(&one.code)),
            Part::Street | Part::Community | Part::Unit => {
                let villages = divisions::villages_of(&seats[seat].area);
                villages.into_iter().find(|one| !known(&one.code))
            }
        };
        let Some(next) = next else { return Ok(()) };
        let (level, area) = match seats[seat].part {
            Part::County => ("township", &next.code[..9]),
            Part::Street | Part::Community | Part::Unit => ("community", &next.code[..]),
        };
        let name = next.usual_name();
        let body = json!({ "name": name, "level": level, "area": area, "hours": WAITS });
        let ask = Ask::post("/v1/invitations", body);
        let ask = ask.by(&enrol::operator_token(&self.federation, seat)?);
        self.beside(seat, &format!("invitation-{seat}"), ask).await
    }

    async fn beside(&self, seat: usize, step: &str, ask: Ask) -> Result<(), DayError> {
        let day = self.day.number;
        if self.ledger.left_beside(day, step) {
            return Ok(());
        }
        let ask = ask.once(&self.ids.key(&format!("day {day} beside {step}")));
        let answer = self.federation.client(seat).json(ask).await;
        let name = self.federation.name(seat).to_owned();
        let answer = answer.map_err(|source| DayError::Asked { name, source })?;
        let record = answer.get("record").and_then(Value::as_str).map(str::to_owned);
        let beside = Beside { day, step: step.to_owned(), seat, record };
        Ok(self.ledger.add(Entry::Beside(beside))?)
    }

    fn token_of(&self, seat: usize, login: &str) -> String {
        self.federation.state().nodes[seat].tokens.get(login).cloned().unwrap_or_default()
    }
}

fn days_ago(days: u64) -> NaiveDate {
    let east = FixedOffset::east_opt(EAST).expect("eight hours are an offset");
    let today = DateTime::<Utc>::from(std::time::SystemTime::now()).with_timezone(&east);
    let today = today.date_naive();
    today.checked_sub_days(Days::new(days)).unwrap_or(today)
}
