use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

/// Answers each connection's first request with the next of these; an empty one hangs up.
async fn node(answers: &'static [&'static str]) -> (Client, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(listener.local_addr().unwrap().to_string());
    let serving = tokio::spawn(async move {
        let mut heard = String::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4_096];
            let read = stream.read(&mut request).await.unwrap();
            heard.push_str(&String::from_utf8_lossy(&request[..read]));
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        heard
    });
    (client, serving)
}

#[tokio::test]
async fn a_node_that_is_away_or_busy_is_asked_again_under_the_same_key() {
    let (client, serving) = node(&[
        "",
        "HTTP/1.1 503 x\r\nretry-after: 0\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 201 x\r\nconnection: close\r\ncontent-length: 8\r\n\r\n{\"a\": 1}",
    ])
    .await;
    let ask = Ask::post("/v1/cases", serde_json::json!({})).by("t").once("only-once");
    let answer = client.json(ask).await.unwrap();
    assert_eq!((answer["a"].as_u64(), client.repeated()), (Some(1), 2));
    assert_eq!(serving.await.unwrap().matches("idempotency-key: only-once").count(), 3);
}

#[tokio::test]
async fn a_refusal_is_told_with_the_nodes_own_words_and_not_repeated() {
    let (client, serving) =
        node(&["HTTP/1.1 409 x\r\nconnection: close\r\ncontent-length: 40\r\n\r\n\
         {\"type\":\"urn:x\",\"title\":\"not possible\"} "])
        .await;
    let error = client.json(Ask::get("/v1/cases/1")).await.unwrap_err().to_string();
    assert!(error.contains("409") && error.contains("urn:x; not possible"), "{error}");
    assert_eq!(client.repeated(), 0);
    serving.await.unwrap();
}
