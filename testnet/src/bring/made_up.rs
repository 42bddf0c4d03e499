//! Files of the same shape as the public ones: the same columns, about as many characters, and the
//! same faults in about as many rows.

use std::fmt::Write as _;

/// Characters that letters are made of.
const WORDS: [&str; 12] = [
    "小区门口的路灯已经坏了三天",
    "楼道里堆满纸箱无法通行",
    "搅拌站半夜施工噪音很大",
    "垃圾三天没有人清运",
    "物业公司不回复业主的来电",
    "占道经营影响早高峰通行",
    "下水道堵塞污水外溢",
    "电梯停运老人无法下楼",
    "希望有关部门尽快处理",
    "请给广大业主一个满意的答复",
    "多次反映至今没有解决",
    "孩子上学路上很不安全",
];

/// Letters to a complaints board. Every 500th has a time that nobody can read.
pub(super) fn letters(rows: usize) -> Vec<u8> {
    let mut text = String::from("留言编号,留言用户,留言主题,留言时间,留言详情\n");
    for row in 0..rows {
        let title = WORDS[row % WORDS.len()];
        let time = if row % 500 == 499 { "昨天" } else { "2019/2/28 11:25:05" };
        let details: Vec<&str> =
            (0..20 + row % 17).map(|word| WORDS[(row * 7 + word * 5) % WORDS.len()]).collect();
        // Writing to a string does not fail.
        let _ = writeln!(text, "{row},U{row:07},{title}第{row}次,{time},{}", details.join("，"));
    }
    text.into_bytes()
}

/// Service requests. Every third has no point, and every 600th was closed before it was opened.
pub(super) fn requests(rows: usize) -> Vec<u8> {
    let mut text = String::from(
        "unique_key,created_date,closed_date,status_notes,agency_name,category,complaint_type,\
         descriptor,incident_address,neighborhood,source,latitude,longitude\n",
    );
    for row in 0..rows {
        let closed = if row % 600 == 599 { "2015-12-30" } else { "2016-01-02" };
        let (lat, lon) = if row % 3 == 2 { (0.0, 0.0) } else { (37.77, -122.42) };
        let _ = writeln!(
            text,
            "{row},2016-01-01 08:00:00 UTC,{closed} 08:00:00 UTC,Case Resolved,Public Works,Street \
             and Sidewalk Cleaning,Bulky Items,Furniture,{row} Market Street,Mission,Phone,{lat},{lon}",
        );
    }
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_as_many_rows_as_were_asked_for() {
        for file in [letters(700), requests(700)] {
            assert_eq!(file.iter().filter(|byte| **byte == b'\n').count(), 701);
        }
    }
}
