namespace ElderBand.HubService.Storage;

/// <summary>A resident as stored. Code is the centre's own key for the person.</summary>
public sealed record ResidentRow(
    long Id, string CentreId, string Code, string Name, string NameEn, int? BirthYear, string Phone, string Keys,
    string Hearing, string Dialect, string Medical, string FirstQuestion);

/// <summary>A home as stored.</summary>
public sealed record HomeRow(
    long Id, string CentreId, string Code, string Address, string Building, string Floor, string Door, string Grid,
    int LinkEpoch);

/// <summary>A contact as stored; ConsentAtMs null = no consent, never written to.</summary>
public sealed record ContactRow(
    long Id, string CentreId, long ResidentId, int Order, string Name, string Relation, string Phone, string? ConsentBy,
    long? ConsentAtMs, string? ConsentHow);

/// <summary>The centre.</summary>
public sealed record CentreRow(string CentreId, string Name, string Phone);

/// <summary>The tables <c>centre</c>, <c>home</c>, <c>resident</c>, <c>residence</c> and <c>contact</c>.</summary>
public static class ResidentRows
{
    private const string ResidentColumns =
        "r.id, r.centre_id, r.code, r.name, r.name_en, r.birth_year, r.phone, r.keys, r.hearing, r.dialect, r.medical, "
            + "r.first_question";

    private const string HomeColumns =
        "h.id, h.centre_id, h.code, h.address, h.building, h.floor, h.door, h.grid, h.link_epoch";

    /// <summary>A centre by id.</summary>
    public static CentreRow? Centre(Db db, string centreId) =>
        db.One(
            "SELECT centre_id, name, phone FROM centre WHERE centre_id=$1",
            static r => new CentreRow(r.Text(0), r.Text(1), r.Text(2)), centreId);

    /// <summary>The first centre enrolled, or null.</summary>
    public static CentreRow? FirstCentre(Db db) =>
        db.One(
            "SELECT centre_id, name, phone FROM centre ORDER BY created_at_ms, centre_id LIMIT 1",
            static r => new CentreRow(r.Text(0), r.Text(1), r.Text(2)));

    /// <summary>Adds a centre or changes its name and phone.</summary>
    public static void PutCentre(Db db, CentreRow c, long nowMs)
    {
        db.Run(
            """
            INSERT INTO centre (centre_id, name, phone, created_at_ms) VALUES ($1,$2,$3,$4)
            ON CONFLICT (centre_id) DO UPDATE SET name=excluded.name, phone=excluded.phone
            """,
            c.CentreId, c.Name, c.Phone, nowMs);
        BandKeyRows.MakeRotationKey(db, c.CentreId);
    }

    /// <summary>Adds a home (Id is ignored) or changes the one with the same code; returns its id.</summary>
    public static long PutHome(Db db, HomeRow h, long nowMs)
    {
        db.Run(
            """
            INSERT INTO home (centre_id, code, address, building, floor, door, grid, link_epoch, created_at_ms)
            VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)
            ON CONFLICT (centre_id, code) DO UPDATE SET address=excluded.address, building=excluded.building,
              floor=excluded.floor, door=excluded.door, grid=excluded.grid
            """,
            h.CentreId, h.Code, h.Address, h.Building, h.Floor, h.Door, h.Grid, h.LinkEpoch, nowMs);
        return db.Number("SELECT id FROM home WHERE centre_id=$1 AND code=$2", h.CentreId, h.Code);
    }

    /// <summary>A home by id.</summary>
    public static HomeRow? Home(Db db, long id) =>
        db.One($"SELECT {HomeColumns} FROM home h WHERE h.id=$1", MapHome, id);

    /// <summary>A home by its code.</summary>
    public static HomeRow? HomeByCode(Db db, string centreId, string code) =>
        db.One($"SELECT {HomeColumns} FROM home h WHERE h.centre_id=$1 AND h.code=$2", MapHome, centreId, code);

    /// <summary>
    /// The centre's home behind the same door, or null; without an address nobody knows which door that is.
    /// </summary>
    public static HomeRow? HomeAt(Db db, HomeRow place) =>
        db.One(
            $"""
            SELECT {HomeColumns} FROM home h
            WHERE h.centre_id=$1 AND h.address=$2 AND h.building=$3 AND h.floor=$4 AND h.door=$5 AND h.address||h.building<>''
            ORDER BY h.id LIMIT 1
            """,
            MapHome, place.CentreId, place.Address, place.Building, place.Floor, place.Door);

    /// <summary>Adds a resident (Id is ignored) or changes the one with the same code; returns the id.</summary>
    public static long PutResident(Db db, ResidentRow r, long nowMs)
    {
        db.Run(
            """
            INSERT INTO resident (centre_id, code, name, name_en, birth_year, phone, keys, hearing, dialect, medical,
              first_question, created_at_ms) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12)
            ON CONFLICT (centre_id, code) DO UPDATE SET name=excluded.name, name_en=excluded.name_en,
              birth_year=excluded.birth_year, phone=excluded.phone, keys=excluded.keys, hearing=excluded.hearing,
              dialect=excluded.dialect, medical=excluded.medical, first_question=excluded.first_question
            """,
            r.CentreId, r.Code, r.Name, r.NameEn, r.BirthYear, r.Phone, r.Keys, r.Hearing, r.Dialect, r.Medical,
            r.FirstQuestion, nowMs);
        return db.Number("SELECT id FROM resident WHERE centre_id=$1 AND code=$2", r.CentreId, r.Code);
    }

    /// <summary>A resident by id.</summary>
    public static ResidentRow? Resident(Db db, long id) =>
        db.One($"SELECT {ResidentColumns} FROM resident r WHERE r.id=$1", MapResident, id);

    /// <summary>A resident by code.</summary>
    public static ResidentRow? ResidentByCode(Db db, string centreId, string code) =>
        db.One($"SELECT {ResidentColumns} FROM resident r WHERE r.centre_id=$1 AND r.code=$2", MapResident, centreId,
            code);

    /// <summary>All residents of a centre who have a home there, by name.</summary>
    public static List<ResidentRow> Residents(Db db, string centreId) =>
        db.All(
            $"""
            SELECT {ResidentColumns} FROM resident r WHERE r.centre_id=$1
              AND EXISTS (SELECT 1 FROM residence l WHERE l.resident_id=r.id AND l.to_ms IS NULL) ORDER BY r.name, r.id
            """,
            MapResident, centreId);

    /// <summary>A resident has gone: no home, no band, no contacts from now on.</summary>
    public static void End(Db db, long residentId, long nowMs)
    {
        db.Run("UPDATE residence SET to_ms=$2 WHERE resident_id=$1 AND to_ms IS NULL", residentId, nowMs);
        db.Run("UPDATE band_assignment SET to_ms=$2 WHERE resident_id=$1 AND to_ms IS NULL", residentId, nowMs);
        db.Run("UPDATE contact SET to_ms=$2 WHERE resident_id=$1 AND to_ms IS NULL", residentId, nowMs);
    }

    /// <summary>Who lives in a home now, longest first.</summary>
    public static List<ResidentRow> ResidentsOf(Db db, long homeId) =>
        db.All(
            $"SELECT {ResidentColumns} FROM residence l JOIN resident r ON r.id=l.resident_id WHERE l.home_id=$1 AND "
                + "l.to_ms IS NULL ORDER BY l.from_ms, l.id",
            MapResident, homeId);

    /// <summary>The resident's home at a moment (the present one where none was recorded then), or null.</summary>
    public static long? HomeOf(Db db, long residentId, long atMs) =>
        db.Value(
            """
            SELECT home_id FROM residence WHERE resident_id=$1 AND ((from_ms<=$2 AND (to_ms IS NULL OR to_ms>$2)) OR to_ms IS NULL)
            ORDER BY (from_ms<=$2 AND (to_ms IS NULL OR to_ms>$2)) DESC, from_ms DESC LIMIT 1
            """,
            residentId, atMs) as long?;

    /// <summary>The resident lives in that home from now on; ends an earlier residence.</summary>
    public static void MoveTo(Db db, string centreId, long residentId, long homeId, long nowMs)
    {
        if (HomeOf(db, residentId, nowMs) == homeId)
        {
            return;
        }
        db.Run("UPDATE residence SET to_ms=$2 WHERE resident_id=$1 AND to_ms IS NULL", residentId, nowMs);
        db.Run(
            "INSERT INTO residence (centre_id, resident_id, home_id, from_ms) VALUES ($1,$2,$3,$4)",
            centreId, residentId, homeId, nowMs);
        foreach (long bandId in db.All("SELECT band_id FROM band_assignment WHERE resident_id=$1 AND to_ms IS NULL",
            static r => r.Long(0), residentId))
        {
            DeviceRows.PassLinkEpoch(db, bandId, homeId);
        }
    }

    /// <summary>Adds a contact (Id is ignored); returns the id.</summary>
    public static long InsertContact(Db db, ContactRow c, long nowMs) =>
        db.Insert(
            """
            INSERT INTO contact (centre_id, resident_id, ord, name, relation, phone, consent_by, consent_at_ms, consent_how,
              from_ms) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)
            """,
            c.CentreId, c.ResidentId, c.Order, c.Name, c.Relation, c.Phone, c.ConsentBy, c.ConsentAtMs, c.ConsentHow,
            nowMs);

    /// <summary>Writes everything of a contact but whose it is.</summary>
    public static void UpdateContact(Db db, ContactRow c) =>
        db.Run(
            """
            UPDATE contact SET ord=$2, name=$3, relation=$4, phone=$5, consent_by=$6, consent_at_ms=$7, consent_how=$8
            WHERE id=$1
            """,
            c.Id, c.Order, c.Name, c.Relation, c.Phone, c.ConsentBy, c.ConsentAtMs, c.ConsentHow);

    /// <summary>Contacts of a resident, in the order in which to call them.</summary>
    public static List<ContactRow> Contacts(Db db, long residentId) =>
        db.All(
            """
            SELECT id, centre_id, resident_id, ord, name, relation, phone, consent_by, consent_at_ms, consent_how
            FROM contact WHERE resident_id=$1 AND to_ms IS NULL ORDER BY ord, id
            """,
            MapContact, residentId);

    /// <summary>A contact by id.</summary>
    public static ContactRow? Contact(Db db, long id) =>
        db.One(
            """
            SELECT id, centre_id, resident_id, ord, name, relation, phone, consent_by, consent_at_ms, consent_how
            FROM contact WHERE id=$1
            """,
            MapContact, id);

    private static ResidentRow MapResident(Row r) => new(
        r.Long(0), r.Text(1), r.Text(2), r.Text(3), r.Text(4), r.IntOrNull(5), r.Text(6), r.Text(7), r.Text(8),
        r.Text(9),
        r.Text(10), r.Text(11));

    private static HomeRow MapHome(Row r) => new(
        r.Long(0), r.Text(1), r.Text(2), r.Text(3), r.Text(4), r.Text(5), r.Text(6), r.Text(7), r.Int(8));

    private static ContactRow MapContact(Row r) => new(
        r.Long(0), r.Text(1), r.Long(2), r.Int(3), r.Text(4), r.Text(5), r.Text(6), r.TextOrNull(7), r.LongOrNull(8),
        r.TextOrNull(9));
}
