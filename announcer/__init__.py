"""Announces the talks of a seminar to its mailing list, from the page where they already stand.

What is owed to the list is a pure function of the talks, the cadence, the ledger and the time.
Only what happened is stored; an alarm clock rings, late or twice, and every mail still goes out
once::

    load     Source.load(), believed(…)                   -> talks that are believed, or why not
    plan     plan_announcements(…, now).due               -> announcements
    compose  Composer.compose(announcement)               -> Message
    verify   verify(message, announcement)                -> or it is held
    claim    Ledger.claim(message, revision=…, …)         -> Claim, or None: another has it
    deliver  Transport.deliver(message, before_data=…)    -> reply, or deferred | refused | in doubt
    record   Ledger.record(claim, outcome, now=…)

The map. A file is pure or wiring; a folder is a door to the outside: its ``__init__`` holds the
port, each sibling is an adapter (in ``cli``, a part of the command line). A file imports only from
smaller numbers and from its own folder (``tests/test_map.py`` checks it)::

    -1 cleaning      the text that values may hold: no controls, one line, bounded length
    0  talks         Series, Talk: what a seminar is made of
    0  errors        the tree of errors
    0  message       Message: an envelope and its bytes, and what it says of each talk
    0  quoting       a value of the settings in a message
    0  hostnames     names of machines, as a mail server is greeted with them
    0  colours       which colours can be read, by day and in the dark
    0  compiled      templates that are compiled already
    0  lines         a text in the lines of a plain mail
    0  words         the words of the mails in each language, from locale/
    0  formulas      LaTeX of a title or an abstract -> letters and signs
    0  loop          the event loop, in which looking up a name holds up nothing else
    0  turns         one series at a time, except while it waits for its own source
    0  proxies       which proxy a web address is reached by
    0  redaction     what is secret, blotted out of what is shown
    0  private_files  files that only their owner can read
    1  terminal      lines that are safe to show
    1  quantities    durations, weekdays and clock times, as people write them
    1  internal      exceptions that nobody foresaw, kept to one series or mail
    1  plain         clean HTML -> plain text of short lines
    1  builtin       the built-in templates, and a copy of them to edit
    1  cadence       Rule: talk -> the instant of its mail
    1  elsewhere     what clocks show in other zones while a talk is on
    1  logo          the logo that a mail carries, read from its file
    1  identity      which talk of a page is which of those that were known, or of another page
    1  instants      how long ago an instant was that was written down earlier
    1  remembered    what the operator was told, and when, in a small file
    2  same_page     whether a reading is of the same page as before, or of another in its place
    2  prose         Markdown of a talk -> safe HTML; a title -> one line
    2  ledger/       port; steps (the pure transitions); sql; codec; sqlite; postgres
    2  source/       port; several, as one; page, with html, rst and markdown, which give its lines,
                     renamed, headings, days, tables, lists, blocks and events, which give its
                     entries, merged, and understood, who, when, roles and around, which make talks
                     of them; data, posts and calendar, with tree, walk, reshape, fields, spoken,
                     announced and facts; interface, with researchseminars, indico and pretalx; files;
                     fetch, with access, slots, decode and forges; reader, which fetches, and lets
                     bounded and parse_server run the others, with texts; hints; for all of them dates, years, times,
                     words, remarks, known, people, links, checks and clean; called_off, affiliations and
                     absolute, which look closer at what was found; grounds and explained, which say why
    2  transport/    port; smtp; folder
    3  headers       the headers that all mails have
    3  invite        talk -> calendar bytes
    3  past          the history of a series, in the terms of the plan
    3  flicker       readings that take back what an earlier one said
    3  attempt       one try to hand a mail over, under a claim
    3  spool         outcomes that the ledger may not have recorded yet, in memory and on disk
    3  settings/     Settings, load_settings; loading, of files, with environment and
                     last_good; broken; schema, values, messages
    4  sources       the places where a series keeps its talks and breaks, made from its settings
    4  ending        an end that comes for certain once a process is told to stop
    4  recording     records outcomes by way of the spool, also those that earlier passes could not
    4  belief        whether what a source says is believed
    4  links         addresses that put a talk into the calendars of Google and Outlook
    4  announcement  Announcement, one mail that is owed or why it is not; Plan
    4  changes       what the list must hear because the page says something else than it was told
    4  postponed     cancelled talks that stand at a new date as another entry
    4  breaks        weeks without a talk, and days without seminar
    5  overdue       which mails should have gone by now and did not: what all else follows
    5  timeliness    what waits for the morning, what is the next talk, what was heard just now
    5  unsettled     the mails of the ledger that are still open, or want a person
    5  facts         a talk in the words of a mail, in one language
    6  agreement     text and HTML of a mail against its talks, and against each other
    6  invited       reads the calendar entry of a mail back
    6  plan          plan_announcements
    7  compose       Announcement -> Message
    7  verify        re-reads a composed mail before it may go
    7  feed          talks -> the entries of a calendar to subscribe to
    7  report        what one pass did
    8  samples       made-up talks, and a mail of every kind about them
    8  health        the health address of the service
    8  concern       what the organisers must hear
    8  operator      what the operator of the machine must hear, and what they were told
    9  announcer     one pass, in the straight line above
    10 shapes        what programs read: the JSON of the contract
    10 display       what a person reads: tables and mails
    10 app           puts the parts together; the only file that knows every class
    11 service       the long-running service: alarm, signals, health
    11 console       what every command does alike: notes, the clock, one series after another
    12 checkup       what could keep a mail from going, before it is due
    12 gallery       every kind of mail as files, and a page to look at them
    12 office        what an organiser decides, on a mail or on a talk
    13 cli/          thin: parse, call, print; options; showing, sending, telling, deciding
    14 __main__      python -m announcer
"""

__version__ = "0.1.0"
