namespace ElderBand.HubService.Storage;

/// <summary>
/// The versioned schema. Entry i of <see cref="Migrations"/> takes a database from version i to i + 1 in one
/// transaction; an entry that has been released is never edited. Times are UTC ms, booleans 0/1, ids integers but for
/// the centre's and the hub's, which people choose and which stand in MQTT topics. An assignment holds from from_ms
/// until to_ms (null = still). Every table that keeps events has their identity (R1) as UNIQUE, so that a retry cannot
/// write a second row (R4).
/// </summary>
public static class Schema
{
    /// <summary>All migrations, oldest first.</summary>
    public static readonly string[] Migrations =
        [Version1, Version2, Version3, Version4, Version5, Version6, Version7, Version8, Version9,
            Version10, Version11, Version12];

    /// <summary>The migrations of the file of measurements.</summary>
    public static readonly string[] VitalsMigrations = [VitalsVersion1];

    /// <summary>Takes a database to the newest version, one transaction for each step.</summary>
    /// <exception cref="StartException">The database was written by a newer program.</exception>
    public static void Migrate(Db db, string[] migrations)
    {
        long version = db.Number("PRAGMA user_version");
        if (version > migrations.Length)
        {
            throw new StartException(
                $"The database is of version {version}, this program knows {migrations.Length}. Start the newer "
                    + "program, or restore the backup made before it.");
        }
        for (long next = version; next < migrations.Length; next++)
        {
            db.Script($"BEGIN IMMEDIATE; {migrations[next]} PRAGMA user_version={next + 1}; COMMIT;");
        }
    }

    private const string Version1 = """
        CREATE TABLE centre (
          centre_id TEXT PRIMARY KEY, name TEXT NOT NULL, phone TEXT NOT NULL, created_at_ms INTEGER NOT NULL) STRICT;

        -- Written every few seconds: proof that the disk still takes writes. One row, of the whole database.
        CREATE TABLE heartbeat (id INTEGER PRIMARY KEY CHECK (id = 1), at_ms INTEGER NOT NULL) STRICT;

        -- Random keys of this installation, for example the one that family links are derived from.
        CREATE TABLE secret (
          centre_id TEXT NOT NULL REFERENCES centre, name TEXT NOT NULL, value BLOB NOT NULL,
          PRIMARY KEY (centre_id, name)) STRICT;

        -- link_epoch rises when a hub of the home is replaced (docs/adr/0002); the link group is the home's id.
        CREATE TABLE home (
          id INTEGER PRIMARY KEY, centre_id TEXT NOT NULL REFERENCES centre, code TEXT NOT NULL,
          address TEXT NOT NULL, building TEXT NOT NULL, floor TEXT NOT NULL, door TEXT NOT NULL, grid TEXT NOT NULL,
          link_epoch INTEGER NOT NULL, created_at_ms INTEGER NOT NULL,
          UNIQUE (centre_id, code)) STRICT;

        CREATE TABLE resident (
          id INTEGER PRIMARY KEY, centre_id TEXT NOT NULL REFERENCES centre, code TEXT NOT NULL,
          name TEXT NOT NULL, name_en TEXT NOT NULL, birth_year INTEGER, phone TEXT NOT NULL, keys TEXT NOT NULL,
          hearing TEXT NOT NULL, dialect TEXT NOT NULL, medical TEXT NOT NULL, first_question TEXT NOT NULL,
          created_at_ms INTEGER NOT NULL,
          UNIQUE (centre_id, code)) STRICT;

        CREATE TABLE residence (
          id INTEGER PRIMARY KEY, centre_id TEXT NOT NULL, resident_id INTEGER NOT NULL REFERENCES resident,
          home_id INTEGER NOT NULL REFERENCES home, from_ms INTEGER NOT NULL, to_ms INTEGER) STRICT;
        CREATE INDEX residence_resident ON residence (resident_id, from_ms);
        CREATE INDEX residence_home ON residence (home_id, from_ms);

        -- consent_at_ms null = no consent: never written to.
        CREATE TABLE contact (
          id INTEGER PRIMARY KEY, centre_id TEXT NOT NULL, resident_id INTEGER NOT NULL REFERENCES resident,
          ord INTEGER NOT NULL, name TEXT NOT NULL, relation TEXT NOT NULL, phone TEXT NOT NULL,
          consent_by TEXT, consent_at_ms INTEGER, consent_how TEXT, from_ms INTEGER NOT NULL, to_ms INTEGER) STRICT;
        CREATE INDEX contact_resident ON contact (resident_id, ord);

        -- life rises when a hub has lost its store and counts from the start: its frames are then of another sender.
        CREATE TABLE hub (
          id TEXT PRIMARY KEY, centre_id TEXT NOT NULL REFERENCES centre, password_sha256 BLOB NOT NULL,
          created_at_ms INTEGER NOT NULL, revoked_at_ms INTEGER, life INTEGER NOT NULL DEFAULT 0,
          last_heard_at_ms INTEGER, boot INTEGER, uptime_s INTEGER, wall_ms INTEGER, firmware INTEGER,
          waiting INTEGER, flags INTEGER) STRICT;

        CREATE TABLE hub_placement (
          id INTEGER PRIMARY KEY, centre_id TEXT NOT NULL, hub_id TEXT NOT NULL REFERENCES hub,
          home_id INTEGER NOT NULL REFERENCES home, from_ms INTEGER NOT NULL, to_ms INTEGER) STRICT;
        CREATE INDEX hub_placement_hub ON hub_placement (hub_id, from_ms);
        CREATE INDEX hub_placement_home ON hub_placement (home_id, from_ms);

        -- address: 48 bits. A replaced band is a new row; only one that is not revoked may have an address.
        -- The config_ columns are what the centre wants; applied_version is the low 8 bits the band last echoed.
        CREATE TABLE band (
          id INTEGER PRIMARY KEY, centre_id TEXT NOT NULL REFERENCES centre, address INTEGER NOT NULL,
          secret BLOB NOT NULL, label TEXT NOT NULL, created_at_ms INTEGER NOT NULL, revoked_at_ms INTEGER,
          config_version INTEGER NOT NULL, guard_always INTEGER NOT NULL, sensitivity INTEGER NOT NULL,
          walking_aid INTEGER NOT NULL, bed_from_quarter INTEGER NOT NULL, bed_to_quarter INTEGER NOT NULL,
          inactivity_ten_minutes INTEGER NOT NULL,
          last_heard_at_ms INTEGER, boot INTEGER, uptime_s INTEGER, mode INTEGER, wear INTEGER, battery_pct INTEGER,
          pending INTEGER, applied_version INTEGER) STRICT;
        CREATE UNIQUE INDEX band_address ON band (address) WHERE revoked_at_ms IS NULL;

        CREATE TABLE band_assignment (
          id INTEGER PRIMARY KEY, centre_id TEXT NOT NULL, band_id INTEGER NOT NULL REFERENCES band,
          resident_id INTEGER NOT NULL REFERENCES resident, from_ms INTEGER NOT NULL, to_ms INTEGER) STRICT;
        CREATE INDEX band_assignment_band ON band_assignment (band_id, from_ms);
        CREATE INDEX band_assignment_resident ON band_assignment (resident_id, from_ms);

        CREATE TABLE band_hub (
          band_id INTEGER NOT NULL REFERENCES band, hub_id TEXT NOT NULL REFERENCES hub, centre_id TEXT NOT NULL,
          last_heard_at_ms INTEGER NOT NULL, rssi_dbm INTEGER NOT NULL,
          PRIMARY KEY (band_id, hub_id)) STRICT, WITHOUT ROWID;

        -- Who has said what, for duplicates; outlives events and vitals. sender: 'b' + band id or 'h' + hub id, the
        -- latter with '~' + life after its first. frame: the 16 bytes before the link tag, which changes with the link epoch while the frame stays the same.
        CREATE TABLE frame_key (
          sender TEXT NOT NULL, boot INTEGER NOT NULL, lane INTEGER NOT NULL, sequence INTEGER NOT NULL,
          centre_id TEXT NOT NULL, frame BLOB NOT NULL, refusal INTEGER NOT NULL, at_ms INTEGER NOT NULL,
          PRIMARY KEY (sender, boot, lane, sequence)) STRICT, WITHOUT ROWID;

        CREATE TABLE vitals_window (
          band_id INTEGER PRIMARY KEY REFERENCES band, centre_id TEXT NOT NULL,
          boot INTEGER NOT NULL, highest INTEGER NOT NULL, bits INTEGER NOT NULL) STRICT;

        -- One row for every frame of the alarm lane that was accepted.
        CREATE TABLE event (
          id INTEGER PRIMARY KEY, centre_id TEXT NOT NULL, sender TEXT NOT NULL, boot INTEGER NOT NULL,
          lane INTEGER NOT NULL, sequence INTEGER NOT NULL, type INTEGER NOT NULL, frame BLOB NOT NULL,
          band_id INTEGER, hub_id TEXT NOT NULL, resident_id INTEGER, home_id INTEGER, source TEXT NOT NULL,
          uptime_s INTEGER NOT NULL, refers_to INTEGER, flags INTEGER NOT NULL, detail INTEGER NOT NULL,
          at_ms INTEGER NOT NULL, quality INTEGER NOT NULL, received_at_ms INTEGER NOT NULL,
          hub_boot INTEGER NOT NULL, hub_uptime_s INTEGER NOT NULL, hub_wall_ms INTEGER NOT NULL,
          rssi_dbm INTEGER NOT NULL, alarm_id INTEGER,
          UNIQUE (sender, boot, lane, sequence)) STRICT;
        CREATE INDEX event_alarm ON event (alarm_id);
        CREATE INDEX event_refers ON event (sender, boot, refers_to) WHERE refers_to IS NOT NULL;

        CREATE TABLE vitals (
          id INTEGER PRIMARY KEY, centre_id TEXT NOT NULL, band_id INTEGER NOT NULL, resident_id INTEGER,
          hub_id TEXT NOT NULL, boot INTEGER NOT NULL, sequence INTEGER NOT NULL, at_ms INTEGER NOT NULL,
          quality INTEGER NOT NULL, received_at_ms INTEGER NOT NULL, period_s INTEGER NOT NULL,
          bpm INTEGER, confidence INTEGER NOT NULL, refusal INTEGER NOT NULL, spo2_pct INTEGER,
          spo2_refusal INTEGER NOT NULL, wear INTEGER NOT NULL, activity INTEGER NOT NULL, steps INTEGER NOT NULL,
          UNIQUE (band_id, boot, sequence)) STRICT;
        CREATE INDEX vitals_resident ON vitals (resident_id, at_ms);

        -- An alarm is identified by the frame that opened it. kind: sos fall inactivity. state: prealarm ringing taken
        -- coming closed cancelled. source: band hubKey phone staff. quality: 0 measured 1 about 2 at least.
        CREATE TABLE alarm (
          id INTEGER PRIMARY KEY, centre_id TEXT NOT NULL REFERENCES centre, number INTEGER NOT NULL,
          sender TEXT NOT NULL, boot INTEGER NOT NULL, sequence INTEGER NOT NULL,
          kind TEXT NOT NULL, state TEXT NOT NULL, source TEXT NOT NULL, drill INTEGER NOT NULL,
          resident_id INTEGER, home_id INTEGER, band_id INTEGER, hub_id TEXT,
          event_at_ms INTEGER NOT NULL, quality INTEGER NOT NULL, raised_at_ms INTEGER NOT NULL, deadline_at_ms INTEGER,
          presses INTEGER NOT NULL, not_needed INTEGER NOT NULL, unanswered INTEGER NOT NULL,
          owner_staff_id INTEGER, taken_at_ms INTEGER, coming_at_ms INTEGER, closed_at_ms INTEGER,
          outcome TEXT, closing_words TEXT, revision INTEGER NOT NULL,
          wrist_stage INTEGER NOT NULL, wrist_shown_at_ms INTEGER,
          UNIQUE (sender, boot, sequence), UNIQUE (centre_id, number)) STRICT;
        CREATE INDEX alarm_open ON alarm (centre_id, state) WHERE state IN ('prealarm','ringing','taken','coming');
        CREATE INDEX alarm_closed ON alarm (centre_id, closed_at_ms);

        CREATE TABLE alarm_link (
          alarm_id INTEGER NOT NULL REFERENCES alarm, other_id INTEGER NOT NULL REFERENCES alarm,
          centre_id TEXT NOT NULL, PRIMARY KEY (alarm_id, other_id)) STRICT, WITHOUT ROWID;

        CREATE TABLE alarm_timeline (
          id INTEGER PRIMARY KEY, centre_id TEXT NOT NULL, alarm_id INTEGER NOT NULL REFERENCES alarm,
          at_ms INTEGER NOT NULL, kind TEXT NOT NULL, who TEXT NOT NULL, text TEXT NOT NULL) STRICT;
        CREATE INDEX alarm_timeline_alarm ON alarm_timeline (alarm_id, id);

        -- What an open alarm without an owner waits for: 'deadline' of a pre-alarm, 'ring', 'unanswered', 'noConsole'.
        CREATE TABLE timer (
          alarm_id INTEGER NOT NULL REFERENCES alarm, kind TEXT NOT NULL, centre_id TEXT NOT NULL,
          due_at_ms INTEGER NOT NULL, PRIMARY KEY (alarm_id, kind)) STRICT, WITHOUT ROWID;
        CREATE INDEX timer_due ON timer (due_at_ms);

        -- One open card per (kind, code, band, hub); code tells apart what one kind may mean, for example which sensor.
        CREATE TABLE technical (
          id INTEGER PRIMARY KEY, centre_id TEXT NOT NULL REFERENCES centre, kind TEXT NOT NULL, code TEXT NOT NULL,
          urgent INTEGER NOT NULL, since_ms INTEGER NOT NULL, closed_at_ms INTEGER, closed_by TEXT, closing_words TEXT,
          band_id INTEGER, hub_id TEXT, resident_id INTEGER, home_id INTEGER, detail TEXT NOT NULL,
          count INTEGER NOT NULL, revision INTEGER NOT NULL) STRICT;
        CREATE UNIQUE INDEX technical_open ON technical (centre_id, kind, code, ifnull(band_id, 0), ifnull(hub_id, ''))
          WHERE closed_at_ms IS NULL;

        CREATE TABLE quarantine (
          id INTEGER PRIMARY KEY, centre_id TEXT NOT NULL, hub_id TEXT NOT NULL, band_address INTEGER NOT NULL,
          reason TEXT NOT NULL, content BLOB NOT NULL, at_ms INTEGER NOT NULL) STRICT;

        -- Append-only; hash = SHA-256(prev_hash and the row): Audit/AuditChain.cs.
        CREATE TABLE audit (
          id INTEGER PRIMARY KEY, centre_id TEXT NOT NULL, at_ms INTEGER NOT NULL, who TEXT NOT NULL,
          action TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL,
          prev_hash BLOB NOT NULL, hash BLOB NOT NULL) STRICT;
        CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit rows are append-only'); END;
        CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit rows are append-only'); END;

        CREATE TABLE staff (
          id INTEGER PRIMARY KEY, centre_id TEXT NOT NULL REFERENCES centre, name TEXT NOT NULL UNIQUE,
          display_name TEXT NOT NULL, role TEXT NOT NULL, password_hash TEXT NOT NULL,
          created_at_ms INTEGER NOT NULL, disabled_at_ms INTEGER) STRICT;

        -- kind: 'act' (12 h) or 'screen' (30 days). Only hashes of tokens are stored.
        CREATE TABLE staff_session (
          token_sha256 BLOB PRIMARY KEY, centre_id TEXT NOT NULL, staff_id INTEGER NOT NULL REFERENCES staff,
          kind TEXT NOT NULL, created_at_ms INTEGER NOT NULL, expires_at_ms INTEGER NOT NULL,
          ended_at_ms INTEGER) STRICT, WITHOUT ROWID;

        CREATE TABLE signin_code (
          code_sha256 BLOB PRIMARY KEY, centre_id TEXT NOT NULL, staff_id INTEGER NOT NULL REFERENCES staff,
          expires_at_ms INTEGER NOT NULL, used_at_ms INTEGER) STRICT, WITHOUT ROWID;

        -- The family's outbox. reason: raised unanswered closed. due_at_ms: when the worker may try (again).
        -- handbacks: of the alarm before it, for unanswered; nobody may answer again after each.
        CREATE TABLE message (
          id INTEGER PRIMARY KEY, centre_id TEXT NOT NULL, alarm_id INTEGER NOT NULL REFERENCES alarm,
          contact_id INTEGER NOT NULL REFERENCES contact, reason TEXT NOT NULL, handbacks INTEGER NOT NULL,
          created_at_ms INTEGER NOT NULL, due_at_ms INTEGER NOT NULL, attempts INTEGER NOT NULL, sent_at_ms INTEGER, delivered_at_ms INTEGER,
          opened_at_ms INTEGER, failed_at_ms INTEGER, last_error TEXT, gateway_id TEXT,
          UNIQUE (alarm_id, contact_id, reason, handbacks)) STRICT;
        CREATE INDEX message_due ON message (due_at_ms) WHERE sent_at_ms IS NULL AND failed_at_ms IS NULL;
        CREATE INDEX message_gateway ON message (gateway_id) WHERE gateway_id IS NOT NULL;

        -- A contact's personal page for one alarm; only the token's hash is stored.
        CREATE TABLE family_link (
          token_sha256 BLOB PRIMARY KEY, centre_id TEXT NOT NULL, alarm_id INTEGER NOT NULL REFERENCES alarm,
          contact_id INTEGER NOT NULL REFERENCES contact, created_at_ms INTEGER NOT NULL,
          expires_at_ms INTEGER NOT NULL, revoked_at_ms INTEGER, opened_at_ms INTEGER,
          UNIQUE (alarm_id, contact_id)) STRICT, WITHOUT ROWID;
        """;

    private const string Version2 = """
        -- One row per device that was asked for its trace: 'h' + hub id or 'b' + band id. ask: number of the newest
        -- question, 1-255; read_ask and read_at_ms: of the newest answer. entries: 8 bytes each, 255 where not received.
        CREATE TABLE trace (
          device TEXT PRIMARY KEY, centre_id TEXT NOT NULL REFERENCES centre, ask INTEGER NOT NULL,
          asked_at_ms INTEGER NOT NULL, asked_by TEXT NOT NULL, read_ask INTEGER, read_at_ms INTEGER,
          entries BLOB NOT NULL) STRICT, WITHOUT ROWID;
        """;

    private const string Version3 = """
        -- When each of the last boots of a band began, and until when the boot was heard; for the age of late calls.
        CREATE TABLE band_clock (
          band_id INTEGER NOT NULL REFERENCES band, boot INTEGER NOT NULL, centre_id TEXT NOT NULL,
          began_at_ms INTEGER NOT NULL, heard_at_ms INTEGER NOT NULL,
          PRIMARY KEY (band_id, boot)) STRICT, WITHOUT ROWID;

        -- The resident who wore the band before, where the alarm may be hers; null where only one person comes into
        -- question.
        ALTER TABLE alarm ADD COLUMN other_resident_id INTEGER;
        """;

    private const string Version4 = """
        -- One row, written at the first start and after each restore of a backup (Storage/Incarnation.cs).
        CREATE TABLE incarnation (
          id INTEGER PRIMARY KEY CHECK (id = 1), value INTEGER NOT NULL, revision_base INTEGER NOT NULL) STRICT;
        """;

    private const string Version5 = """
        -- A contact is told at most once for one reason in one round. A round of "unanswered" begins when the alarm
        -- loses its owner. A round of "again" begins with each press that nobody has answered.
        ALTER TABLE message RENAME COLUMN handbacks TO round;

        -- An alarm with an owner has timers too (docs/adr/0067): remind, overdue, answer. The present owners are
        -- reminded at once.
        INSERT OR IGNORE INTO timer (alarm_id, kind, centre_id, due_at_ms)
          SELECT id, 'remind', centre_id, 0 FROM alarm WHERE state IN ('taken','coming');
        """;

    private const string Version6 = """
        -- Measurements have their own file. Storage/VitalsMove.cs has copied the rows before this migration.
        DROP TABLE vitals;
        DROP TABLE vitals_window;

        -- Boot and sequence of the newest frame of the vitals lane that has changed this row. The same frame or an
        -- older one changes nothing.
        ALTER TABLE band ADD COLUMN vitals_boot INTEGER;
        ALTER TABLE band ADD COLUMN vitals_sequence INTEGER;
        """;

    /// <summary>A sender without the number of its life, for SQL over <c>event</c>.</summary>
    public const string SenderOfAllLives = "substr(sender, 1, instr(sender || '~', '~') - 1)";

    private const string Version8 = $"""
        -- For the number of presses within a minute, and of the falls whose countdown a press has ended.
        CREATE INDEX event_call ON event ({SenderOfAllLives}, at_ms) WHERE type IN (1,14);
        CREATE INDEX alarm_timeline_fall ON alarm_timeline (alarm_id) WHERE kind='fallBefore';
        """;

    private const string VitalsVersion1 = """
        CREATE TABLE vitals_window (
          band_id INTEGER PRIMARY KEY, centre_id TEXT NOT NULL,
          boot INTEGER NOT NULL, highest INTEGER NOT NULL, bits INTEGER NOT NULL) STRICT;

        CREATE TABLE vitals (
          id INTEGER PRIMARY KEY, centre_id TEXT NOT NULL, band_id INTEGER NOT NULL, resident_id INTEGER,
          hub_id TEXT NOT NULL, boot INTEGER NOT NULL, sequence INTEGER NOT NULL, at_ms INTEGER NOT NULL,
          quality INTEGER NOT NULL, received_at_ms INTEGER NOT NULL, period_s INTEGER NOT NULL,
          bpm INTEGER, confidence INTEGER NOT NULL, refusal INTEGER NOT NULL, spo2_pct INTEGER,
          spo2_refusal INTEGER NOT NULL, wear INTEGER NOT NULL, activity INTEGER NOT NULL, steps INTEGER NOT NULL,
          UNIQUE (band_id, boot, sequence)) STRICT;
        CREATE INDEX vitals_resident ON vitals (resident_id, at_ms);
        """;

    private const string Version7 = """
        -- The secret changes after the enrolment (docs/adr/0097). key_epoch counts the changes since the label.
        -- key_offered is the change that the band is offered, and equals key_epoch where there is none. key_wanted is
        -- the change that shall be made.
        ALTER TABLE band ADD COLUMN old_secret BLOB;
        ALTER TABLE band ADD COLUMN key_epoch INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE band ADD COLUMN key_offered INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE band ADD COLUMN key_wanted INTEGER NOT NULL DEFAULT 1;
        ALTER TABLE band ADD COLUMN key_changed_at_ms INTEGER;
        INSERT INTO secret (centre_id, name, value) SELECT centre_id, 'bandKeys', randomblob(32) FROM centre;
        """;

    private const string Version9 = """
        -- One row per sign-in of a person at a browser; both its sessions name it. Sessions from before are one sign-in
        -- for each person.
        CREATE TABLE signin (
          id INTEGER PRIMARY KEY, centre_id TEXT NOT NULL, staff_id INTEGER NOT NULL REFERENCES staff,
          at_ms INTEGER NOT NULL, address TEXT NOT NULL, browser TEXT NOT NULL) STRICT;
        ALTER TABLE staff_session ADD COLUMN signin_id INTEGER NOT NULL DEFAULT 0;
        INSERT INTO signin (id, centre_id, staff_id, at_ms, address, browser)
          SELECT staff_id, centre_id, staff_id, max(created_at_ms), '', '' FROM staff_session GROUP BY staff_id;
        UPDATE staff_session SET signin_id=staff_id;
        CREATE INDEX staff_session_signin ON staff_session (signin_id);

        -- Wall screens: browsers that read without anybody signed in.
        CREATE TABLE screen (
          id INTEGER PRIMARY KEY, centre_id TEXT NOT NULL REFERENCES centre, name TEXT NOT NULL,
          token_sha256 BLOB NOT NULL UNIQUE, registered_at_ms INTEGER NOT NULL, revoked_at_ms INTEGER) STRICT;
        """;

    private const string Version10 = """
        -- Closed parts of the audit (docs/adr/0102). Rows up to the last closed one may be deleted, no others.
        CREATE TABLE audit_segment (
          last_id INTEGER PRIMARY KEY, first_id INTEGER NOT NULL, head BLOB NOT NULL, closed_at_ms INTEGER NOT NULL,
          signature BLOB NOT NULL) STRICT;
        CREATE TRIGGER audit_segment_no_update BEFORE UPDATE ON audit_segment
          BEGIN SELECT RAISE(ABORT, 'audit segments are append-only'); END;
        CREATE TRIGGER audit_segment_no_delete BEFORE DELETE ON audit_segment
          BEGIN SELECT RAISE(ABORT, 'audit segments are append-only'); END;
        DROP TRIGGER audit_no_delete;
        CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
          WHEN old.id > (SELECT ifnull(max(last_id),0) FROM audit_segment)
          BEGIN SELECT RAISE(ABORT, 'audit rows are append-only'); END;
        """;

    private const string Version11 = """
        -- After a restore ids begin again where the backup ends (docs/adr/0115): the incarnation tells two texts and two
        -- links under one id apart (0: links from before), and numbers of alarms go on above number_base.
        ALTER TABLE family_link ADD COLUMN incarnation INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE incarnation ADD COLUMN number_base INTEGER NOT NULL DEFAULT 0;
        """;

    private const string Version12 = """
        -- When the database was last put back from a backup; 0: never, or before this version.
        ALTER TABLE incarnation ADD COLUMN put_back_at_ms INTEGER NOT NULL DEFAULT 0;
        """;
}
