# Policies
section-policies = Policies
policies-what = The policy says who may do what, within what time, and who is given what. A new version rules what begins after it is put in force; cases that began before keep theirs.
policies-none = No version is kept yet.
policies-next = Check a version that you have written, then publish it:
policy-in-force = in force
policy-offered = published above, to be adopted
policy-kept = kept
policy-from = published by { $name }
policy-since = since { $day }
policy-recorded = kept since { $day }
policy-published = published below on { $day }
policy-adopt = Put this version in force…
policy-adopt-what = What begins from now on runs under it; cases under way keep their version. Another version can be put in force at any time.
policy-adopt-now = Put { $name } in force
policy-changes = What changes from { $name }
policy-no-changes = They say the same; only the number differs.
policy-added = new
policy-removed = gone
policy-changed = changed
policy-colon = {": "}
policy-and = {"; "}
policy-more = now also { $what }
policy-less = no longer { $what }
policy-order = another order
policy-instead = { $is } instead of { $was }
policy-nothing = nothing
policy-with = Compare with
policy-compare = Compare
policy-graph = The way of a case
policy-graph-what = Drawn from the policy itself: taken in on the left, ended on the right. Point at a line to see its acts; dashed lines lead back.
policy-more-ways = and from { $n } more stages
policy-rules = Who may do what
policy-act = Act
policy-stays = the stage stays
policy-otherwise = otherwise: { $stage }
part-level = level
part-role = role
part-channel = way in
part-category = category
part-stage = stage
part-act = act
part-custody = custody
part-whistle = whistle
part-clock = time limit
part-disclosure = given to
part-suppression = small counts
part-grid = division of grids
part-colour = colour
part-severity = severity
part-reopen = reopening
part-extension = extension
part-suspension = suspension
part-retention = retention
part-grant = granted by two
part-second-factor = second factor
part-duty = duty
part-rates = rates
part-party-organisation = Party organisation
part-stations = stations
part-ladder = ladder of posts
part-willingness = willingness
part-hours = working hours
part-name = name
part-name-en = English name
aspect-name = name
aspect-name-en = English name
aspect-phase = counted as
aspect-pauses = clocks stand still
aspect-from = from
aspect-to = to
aspect-otherwise = otherwise to
aspect-roles = who
aspect-needs = needs
aspect-levels = levels
aspect-powers = powers
aspect-stages = stages
aspect-allowance = time
aspect-breach = once it has run out
aspect-owner = who answers
aspect-grades = grades
aspect-colours = colours
aspect-categories = categories
aspect-severities = severities
aspect-purpose = purpose
aspect-basis = basis
aspect-acts = acts
aspect-fields = fields
aspect-days = days
aspect-public = public
aspect-parent = kind of
aspect-crosswalk = codes elsewhere
aspect-administrative = administrative
aspect-at-least = least
aspect-level = level
aspect-requires = requires
aspect-kind = kind
aspect-lead = lead
aspect-source = source
aspect-start = start
aspect-end = end
aspect-lunch = lunch
aspect-offset = zone
aspect-begins = begins at
aspect-arrived = once received
aspect-returned = back, done
aspect-undone = back, undone
aspect-homecoming = homecoming
aspect-report-in = to report in
aspect-least = least
aspect-households = households
aspect-contiguous = contiguous
aspect-complete = complete
aspect-min = at least
aspect-max = at most
aspect-within = within
aspect-most = most
aspect-longest = longest
aspect-confirmed-by = confirmed by
whoever-reporter = the reporter
whoever-assignee = whoever it was given to
whoever-anyone = anybody
whoever-department = a department
party-above = the node above
party-below = the node below it came from
party-child = the node below it went to
party-unit = units that are called
party-caller = the node that called
power-territory = ground
power-roster = roster
power-federation = federation
power-query = queries
power-personal = personal data
power-policy = policies
power-intake = intake
power-notebook = notebooks
allowance-today = the same day
allowance-m = { $n ->
    [one] 1 minute
   *[other] { $n } minutes
 }
allowance-h = { $n ->
    [one] 1 hour
   *[other] { $n } hours
 }
allowance-d = { $n ->
    [one] 1 day
   *[other] { $n } days
 }
allowance-wm = { $n ->
    [one] 1 working minute
   *[other] { $n } working minutes
 }
allowance-wh = { $n ->
    [one] 1 working hour
   *[other] { $n } working hours
 }
allowance-wd = { $n ->
    [one] 1 working day
   *[other] { $n } working days
 }
