//! A browser: Chromium, headless, behind its driver on a free port.

use std::process::Stdio;

use data_encoding::BASE64;
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::until;

/// What is said where there is no browser.
const MISSING: &str = "Chromium and its driver are needed for these tests: on Debian and Ubuntu run \
                       `sudo apt-get install chromium chromium-driver fonts-noto-cjk`, or name \
                       them in CHROMIUM and CHROMEDRIVER";

/// How often printing is tried again when the browser's printing process is lost.
const PRINTS: usize = 3;
/// What Chromium says of a lost printing process.
const NOT_PRINTED: &str = "Printing failed";

/// How a browser is to be.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) scripts: bool,
    pub(crate) language: &'static str,
}

/// A telephone.
pub(crate) const PHONE: Kind = Kind { width: 375, height: 812, scripts: true, language: "zh-CN" };
/// A desk.
pub(crate) const DESK: Kind = Kind { width: 1440, height: 900, scripts: true, language: "zh-CN" };

/// A driver that runs until it is dropped.
pub(crate) struct Driver {
    process: Child,
    port: u16,
}

/// A browser's window.
pub(crate) struct Browser {
    pub(crate) client: Client,
    /// Where the node's pages are.
    pub(crate) base: String,
}

impl Driver {
    /// Starts a driver. It takes a free port for IPv4 and then wants the same one for IPv6: where
    /// somebody else has that, it ends, and is started again.
    pub(crate) async fn start() -> Self {
        let mut said = Vec::new();
        for _ in 0..5 {
            match Self::try_to_start().await {
                Ok(driver) => return driver,
                Err(lines) => said = lines,
            }
        }
        panic!("the driver ended before it listened: {MISSING}\n{}", said.join("\n"));
    }

    /// A driver that listens, or what it said before it ended.
    async fn try_to_start() -> Result<Self, Vec<String>> {
        let program = std::env::var("CHROMEDRIVER").unwrap_or_else(|_| "chromedriver".into());
        let mut process = Command::new(program)
            .args(["--port=0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{MISSING} ({error})"));
        let mut lines = BufReader::new(process.stdout.take().expect("piped")).lines();
        let mut said = Vec::new();
        while let Some(line) = lines.next_line().await.expect("the driver speaks") {
            let port = line.split("successfully on port ").nth(1);
            if let Some(port) = port.and_then(|rest| rest.trim_end_matches('.').parse().ok()) {
                tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                return Ok(Self { process, port });
            }
            said.push(line);
        }
        Err(said)
    }

    /// A new browser with nothing in it, for a node at `base`.
    pub(crate) async fn browser(&self, kind: Kind, base: &str) -> Browser {
        assert!(self.process.id().is_some(), "the driver runs");
        let mut args = vec![
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--disable-gpu".to_owned(),
            format!("--lang={}", kind.language),
            format!("--window-size={},{}", kind.width.max(500), kind.height),
        ];
        args.push("--hide-scrollbars".into());
        let mut prefs = json!({ "intl.accept_languages": kind.language });
        if !kind.scripts {
            prefs["profile.managed_default_content_settings.javascript"] = json!(2);
        }
        let mut options = json!({ "args": args, "prefs": prefs });
        if let Ok(binary) = std::env::var("CHROMIUM") {
            options["binary"] = json!(binary);
        }
        let mut capabilities = Map::new();
        capabilities.insert("goog:chromeOptions".into(), options);
        // The certificate of tests is nobody's.
        capabilities.insert("acceptInsecureCerts".into(), json!(true));
        capabilities.insert("goog:loggingPrefs".into(), json!({ "browser": "ALL" }));
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities);
        let client = builder.connect(&format!("http://127.0.0.1:{}", self.port)).await;
        let client = client.unwrap_or_else(|error| panic!("{MISSING} ({error})"));
        let browser = Browser { client, base: base.to_owned() };
        browser.sized(kind.width, kind.height).await;
        browser
    }
}

/// A command of the DevTools protocol, which Chromium's driver passes on.
#[derive(Debug)]
struct Devtools(Value);

impl WebDriverCompatibleCommand for Devtools {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.0.to_string()))
    }
}

/// What was written to the browser's console since it was last asked.
#[derive(Debug)]
struct Log;

impl WebDriverCompatibleCommand for Log {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(json!({ "type": "browser" }).to_string()))
    }
}

/// Whether something was done to an element; not so where its page was taken away between finding
/// and doing, as when a form was just sent: then it is to be found on the page that comes.
fn whole(done: Result<(), CmdError>, what: &str) -> bool {
    match done {
        Ok(()) => true,
        Err(error) if error.is_stale_element_reference() => false,
        Err(error) => panic!("{what}: {error}"),
    }
}

impl Browser {
    /// Opens a page of the node, and waits until it is there whole.
    pub(crate) async fn open(&self, path: &str) {
        let url = format!("{}{path}", self.base);
        // On a slow machine the driver takes the end of an earlier page's loading for this one's,
        // and what follows meets the earlier page or one that is just being taken away. So the
        // earlier one is marked, and looked at until the mark is gone.
        self.script("window.wasHere = true", vec![]).await;
        self.client.goto(&url).await.unwrap_or_else(|error| panic!("{path}: {error}"));
        let there = "return !window.wasHere && document.readyState === 'complete'";
        until(path, async || {
            // The page may go while it is asked.
            self.client.execute(there, vec![]).await.is_ok_and(|there| there == true)
        })
        .await;
    }

    /// The path that is open.
    pub(crate) async fn path(&self) -> String {
        let url = self.client.current_url().await.expect("a page is open");
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        format!("{}{query}", url.path())
    }

    /// An element by its CSS selector, as soon as it is there.
    pub(crate) async fn find(&self, css: &str) -> Element {
        let wait = self.client.wait().at_most(crate::PATIENCE).for_element(Locator::Css(css));
        match wait.await {
            Ok(element) => element,
            Err(error) => panic!("{css} on {}: {error}\n{}", self.path().await, self.text().await),
        }
    }

    /// Whether there is such an element now.
    pub(crate) async fn has(&self, css: &str) -> bool {
        self.client.find(Locator::Css(css)).await.is_ok()
    }

    /// Clicks on something.
    pub(crate) async fn click(&self, css: &str) {
        while !whole(self.click_on(&self.find(css).await).await, css) {}
    }

    /// Clicks on an element, in the middle of the window: the driver would not see that something
    /// else lies over its edge.
    async fn click_on(&self, found: &Element) -> Result<(), CmdError> {
        let element = serde_json::to_value(found).expect("an element has a reference");
        let centre = "arguments[0].scrollIntoView({ block: 'center' })";
        self.client.execute(centre, vec![element]).await?;
        found.click().await
    }

    /// Clicks on a link or button by what stands on it.
    pub(crate) async fn press(&self, words: &str) {
        let path = format!("//*[self::a or self::button or self::summary][contains(., '{words}')]");
        loop {
            let wait = self.client.wait().at_most(crate::PATIENCE);
            let found = match wait.for_element(Locator::XPath(&path)).await {
                Ok(found) => found,
                Err(error) => panic!("{words} on {}: {error}", self.path().await),
            };
            if whole(self.click_on(&found).await, words) {
                return;
            }
        }
    }

    /// Types into something.
    pub(crate) async fn type_in(&self, css: &str, words: &str) {
        while !whole(self.find(css).await.send_keys(words).await, css) {}
    }

    /// The words on the page, or in a part of it.
    pub(crate) async fn words(&self, css: &str) -> String {
        loop {
            match self.find(css).await.text().await {
                Ok(words) => return words,
                Err(error) => whole(Err(error), css),
            };
        }
    }

    /// All the words on the page.
    pub(crate) async fn text(&self) -> String {
        match self.client.find(Locator::Css("body")).await {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// The page as it was sent.
    pub(crate) async fn source(&self) -> String {
        self.client.source().await.expect("a page has a source")
    }

    /// Says something by the DevTools protocol.
    pub(crate) async fn devtools(&self, command: &str, params: Value) -> Value {
        let said = Devtools(json!({ "cmd": command, "params": params }));
        let answer = self.client.issue_cmd(said).await;
        answer.unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// The page as it is printed, a PDF.
    pub(crate) async fn printed(&self) -> Vec<u8> {
        let asked = json!({ "cmd": "Page.printToPDF",
            "params": { "printBackground": false, "preferCSSPageSize": true } });
        let mut tries = 0;
        let printed = loop {
            match self.client.issue_cmd(Devtools(asked.clone())).await {
                Ok(printed) => break printed,
                // Chromium prints in a process of its own that it starts for each print. Where the
                // machine has no time for it, that one is lost, and this is all that is said.
                Err(error) if tries < PRINTS && error.to_string().contains(NOT_PRINTED) => {
                    tries += 1;
                }
                Err(error) => panic!("printing, after {tries} tries: {error}"),
            }
        };
        let pdf = printed["data"].as_str().expect("a file in base64");
        BASE64.decode(pdf.as_bytes()).expect("base64")
    }

    /// Gives the window a size, smaller than a window can be, too.
    pub(crate) async fn sized(&self, width: u32, height: u32) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1,
                              "mobile": width < 600 });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// Chooses light or dark.
    pub(crate) async fn dark(&self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] });
        self.devtools("Emulation.setEmulatedMedia", features).await;
    }

    /// Runs a script in the page.
    pub(crate) async fn script(&self, script: &str, args: Vec<Value>) -> Value {
        let answer = self.client.execute(script, args).await;
        answer.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// The whole page as a picture.
    pub(crate) async fn picture(&self) -> Vec<u8> {
        self.client.screenshot().await.expect("a picture can be taken")
    }

    /// What the browser complained of since it was last asked.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let log = self.client.issue_cmd(Log).await.expect("the log can be had");
        let entries = log.as_array().cloned().unwrap_or_default();
        let serious = entries.into_iter().filter(|entry| entry["level"] == "SEVERE");
        serious.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Ends it.
    pub(crate) async fn close(self) {
        let _ = self.client.close().await;
    }
}
