using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using ElderBand.HubService.Staff;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService;

/// <summary>A hub's new password, shown once.</summary>
public sealed record NewHub(string Id, byte[] Password);

/// <summary>A band's new secret, shown once; its QR code says <see cref="QrText"/>.</summary>
public sealed record NewBand(long Id, long Address, byte[] Secret, long LinkGroup, int LinkEpoch)
{
    /// <summary>What stands in the band's QR code: "EB1:address:secret:group:epoch".</summary>
    public string QrText =>
        $"EB1:{Address:x12}:{Convert.ToBase64String(Secret).TrimEnd('=').Replace('+', '-').Replace('/', '_')}"
            + $":{LinkGroup}:{LinkEpoch}";
}

/// <summary>
/// Takes people and devices into the centre; each function runs in the writer's transaction and is audited.
/// </summary>
public static partial class Enrolment
{
    /// <summary>Link epoch of a new home.</summary>
    public const int FirstLinkEpoch = 1;

    private const long MaxAddress = 0xFFFF_FFFF_FFFF;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Adds a hub to a home.</summary>
    /// <param name="tx">The transaction.</param>
    /// <param name="centreId">The centre.</param>
    /// <param name="id">1 to 32 of a-z, 0-9 and -; stands in its topics.</param>
    /// <param name="homeId">Its home.</param>
    /// <param name="replaces">A hub that is revoked by this; its home then gets new link keys (docs/adr/0003).</param>
    /// <param name="who">For the audit.</param>
    /// <exception cref="StartException">The id is not possible, or is taken.</exception>
    public static NewHub AddHub(Tx tx, string centreId, string id, long homeId, string? replaces, string who)
    {
        if (!IdPattern().IsMatch(id))
        {
            throw new StartException($"The hub id '{id}' must be 1 to 32 of a-z, 0-9 and -: it stands in MQTT topics.");
        }
        if (DeviceRows.Hub(tx.Db, id) is not null)
        {
            throw new StartException(
                $"There is a hub '{id}' already. A new hub gets a new id; --replaces revokes the old one.");
        }
        if (replaces is not null)
        {
            if (!Revocations.RevokeHub(tx, centreId, replaces, who, $"replaced by {id}"))
            {
                throw new StartException($"There is no hub '{replaces}' to replace.");
            }
        }
        byte[] password = RandomNumberGenerator.GetBytes(32);
        DeviceRows.InsertHub(tx.Db, centreId, id, SHA256.HashData(password), tx.NowMs);
        DeviceRows.PlaceHub(tx.Db, centreId, id, homeId, tx.NowMs);
        tx.Audit(centreId, who, "hub.enrolled", $"hub:{id}", $"home:{homeId}");
        return new NewHub(id, password);
    }

    /// <summary>Adds a band and puts it on a resident's wrist; her earlier band is hers no more.</summary>
    /// <exception cref="StartException">The address is not possible or taken, or the resident has no home.</exception>
    public static NewBand AddBand(
        Tx tx, string centreId, long address, string label, bool guardAlways, long residentId, string who)
    {
        if (address is < 1 or > MaxAddress)
        {
            throw new StartException($"The band address {address} must be 48 bits: 12 hex digits.");
        }
        if (DeviceRows.BandByAddress(tx.Db, address) is not null)
        {
            throw new StartException($"There is a band with the address {address:x12} already.");
        }
        if (ResidentRows.HomeOf(tx.Db, residentId, tx.NowMs) is not { } homeId
            || ResidentRows.Home(tx.Db, homeId) is not { } home)
        {
            throw new StartException("The resident has no home yet: enrol the home first.");
        }
        byte[] secret = RandomNumberGenerator.GetBytes(BandProtocol.BandKeys.Size);
        long id = DeviceRows.InsertBand(tx.Db, centreId, address, secret, label, guardAlways, tx.NowMs);
        DeviceRows.AssignBand(tx.Db, centreId, id, residentId, tx.NowMs);
        tx.Audit(centreId, who, "band.enrolled", $"band:{id}", $"{address:x12} resident:{residentId}");
        return new NewBand(id, address, secret, homeId, home.LinkEpoch);
    }

    /// <summary>Adds a member of staff; the password's hash may be given where it was made before.</summary>
    /// <exception cref="StartException">The name is taken or empty, the role unknown, or the password shorter than
    /// 8.</exception>
    public static long AddStaff(
        Tx tx, string centreId, string name, string displayName, string role, string password, string who,
        string? passwordHash = null)
    {
        if (name.Length is 0 or > 64 || displayName.Length == 0)
        {
            throw new StartException("A member of staff needs a name of 1 to 64 characters and a display name.");
        }
        if (role is not ("officer" or "admin"))
        {
            throw new StartException($"The role '{role}' must be officer or admin.");
        }
        if (password.Length < 8)
        {
            throw new StartException($"The password of '{name}' must have at least 8 characters.");
        }
        if (StaffRows.ByName(tx.Db, name) is not null)
        {
            throw new StartException($"There is a member of staff '{name}' already.");
        }
        long id = StaffRows.Insert(
            tx.Db, centreId, name, displayName, role, passwordHash ?? Passwords.Hash(password), tx.NowMs);
        tx.Audit(centreId, who, "staff.added", $"staff:{id}", $"{name} {role}");
        return id;
    }

    /// <summary>
    /// Adds a contact, or brings the one with this name and telephone number up to date. Consent is recorded with who
    /// agreed and how; a contact that comes without consent keeps the consent it has.
    /// </summary>
    public static long PutContact(Tx tx, ContactRow contact, string who)
    {
        ContactRow? known = ResidentRows.Contacts(tx.Db, contact.ResidentId)
            .Find(k => k.Name == contact.Name && k.Phone == contact.Phone);
        bool consents = contact.ConsentAtMs is not null
            && (known is null || (known.ConsentBy, known.ConsentHow) != (contact.ConsentBy, contact.ConsentHow));
        if (known is not null)
        {
            contact = contact with { Id = known.Id };
            if (!consents)
            {
                contact = contact with
                {
                    ConsentBy = known.ConsentBy,
                    ConsentAtMs = known.ConsentAtMs,
                    ConsentHow = known.ConsentHow,
                };
            }
            if (contact == known)
            {
                return known.Id;
            }
            ResidentRows.UpdateContact(tx.Db, contact);
        }
        long id = known?.Id ?? ResidentRows.InsertContact(tx.Db, contact, tx.NowMs);
        tx.Audit(
            contact.CentreId, who,
            consents ? "contact.consented" : known is null ? "contact.added" : "contact.changed",
            $"resident:{contact.ResidentId}", $"contact:{id} by {contact.ConsentBy} {contact.ConsentHow}");
        return id;
    }

    /// <summary>Reads an enrolment file (docs/service-api.md).</summary>
    /// <exception cref="StartException">It is not there or not in that form; says where.</exception>
    public static EnrolFile Read(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            return JsonSerializer.Deserialize<EnrolFile>(stream, Json)
                ?? throw new StartException($"'{path}' is empty.");
        }
        catch (JsonException e)
        {
            throw new StartException($"'{path}' is not an enrolment file: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"'{path}' cannot be read: {e.Message}", e);
        }
    }

    /// <summary>
    /// Enrols a whole file. Entries that exist already are brought up to date. The result names only the new ones.
    /// </summary>
    /// <exception cref="StartException">Something in the file is not possible; then nothing of it is
    /// stored.</exception>
    public static EnrolResult Apply(Tx tx, EnrolFile file, string caPem)
    {
        const string who = "enrol";
        string centreId = file.Centre.Id;
        if (!IdPattern().IsMatch(centreId))
        {
            throw new StartException(
                $"The centre id '{centreId}' must be 1 to 32 of a-z, 0-9 and -: it stands in MQTT topics.");
        }
        ResidentRows.PutCentre(tx.Db, new CentreRow(centreId, file.Centre.Name, file.Centre.Phone), tx.NowMs);
        foreach (EnrolStaff staff in file.Staff ?? [])
        {
            if (StaffRows.ByName(tx.Db, staff.Name) is null)
            {
                AddStaff(tx, centreId, staff.Name, staff.DisplayName, staff.Role, staff.Password, who);
            }
        }

        var hubs = new List<EnrolledHub>();
        var bands = new List<EnrolledBand>();
        foreach (EnrolHome home in file.Homes)
        {
            long homeId = ResidentRows.PutHome(
                tx.Db,
                new HomeRow(0, centreId, home.Code, home.Address, home.Building, home.Floor, home.Door,
                    home.Grid ?? "", FirstLinkEpoch),
                tx.NowMs);
            int epoch = ResidentRows.Home(tx.Db, homeId)!.LinkEpoch;
            foreach (EnrolHub hub in home.Hubs)
            {
                if (DeviceRows.Hub(tx.Db, hub.Id) is { } known)
                {
                    if (known.CentreId != centreId)
                    {
                        throw new StartException($"The hub '{hub.Id}' belongs to another centre.");
                    }
                    DeviceRows.PlaceHub(tx.Db, centreId, hub.Id, homeId, tx.NowMs);
                }
                else
                {
                    NewHub made = AddHub(tx, centreId, hub.Id, homeId, null, who);
                    hubs.Add(new EnrolledHub(hub.Id, home.Code, Convert.ToBase64String(made.Password)));
                }
            }
            foreach (EnrolResident resident in home.Residents)
            {
                long residentId = ApplyResident(tx, centreId, homeId, resident, who);
                if (resident.Band is { } band
                    && ApplyBand(tx, centreId, home, homeId, epoch, resident, residentId, band, who) is { } made)
                {
                    bands.Add(made);
                }
            }
        }
        return new EnrolResult(centreId, caPem, hubs, bands);
    }

    /// <summary>Writes the result so that only its owner can read it.</summary>
    /// <exception cref="StartException">It cannot be written.</exception>
    public static void Write(string path, EnrolResult result)
    {
        try
        {
            OwnerOnly.Write(path, JsonSerializer.SerializeToUtf8Bytes(result, Json));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"'{path}' cannot be written: {e.Message}", e);
        }
    }

    /// <summary>Reads a band address: 12 hex digits, colons allowed.</summary>
    /// <exception cref="StartException">It is none.</exception>
    public static long ParseAddress(string text)
    {
        string hex = text.Replace(":", "", StringComparison.Ordinal);
        return hex.Length == 12
            && long.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long address)
            ? address
            : throw new StartException($"The band address '{text}' must be 12 hex digits.");
    }

    private static long ApplyResident(Tx tx, string centreId, long homeId, EnrolResident r, string who)
    {
        bool isNew = ResidentRows.ResidentByCode(tx.Db, centreId, r.Code) is null;
        long id = ResidentRows.PutResident(
            tx.Db,
            new ResidentRow(
                0, centreId, r.Code, r.Name, r.NameEn ?? "", r.BirthYear, r.Phone, r.Keys ?? "", r.Hearing ?? "",
                r.Dialect ?? "", r.Medical ?? "", r.FirstQuestion ?? ""),
            tx.NowMs);
        ResidentRows.MoveTo(tx.Db, centreId, id, homeId, tx.NowMs);
        tx.Audit(centreId, who, isNew ? "resident.enrolled" : "resident.changed", $"resident:{id}");
        foreach (EnrolContact c in r.Contacts ?? [])
        {
            long? consentAtMs = c.ConsentBy is null ? null : c.ConsentAtMs ?? tx.NowMs;
            PutContact(
                tx,
                new ContactRow(
                    0, centreId, id, c.Order, c.Name, c.Relation, c.Phone, c.ConsentBy, consentAtMs, c.ConsentHow),
                who);
        }
        return id;
    }

    /// <summary>Gives a band to its wearer. Null where the band was enrolled before.</summary>
    private static EnrolledBand? ApplyBand(
        Tx tx, string centreId, EnrolHome home, long homeId, int epoch, EnrolResident resident, long residentId,
        EnrolBand band,
        string who)
    {
        if (DeviceRows.BandByAddress(tx.Db, band.Address) is { } known)
        {
            if (known.CentreId != centreId)
            {
                throw new StartException($"The band {band.Address:x12} belongs to another centre.");
            }
            DeviceRows.AssignBand(tx.Db, centreId, known.Id, residentId, tx.NowMs);
            return null;
        }
        NewBand made = AddBand(
            tx, centreId, band.Address, band.Label ?? $"{band.Address:x12}", band.GuardAlways, residentId, who);
        return new EnrolledBand(
            made.Id, band.Address, band.Label ?? $"{band.Address:x12}", home.Code, resident.Code, residentId,
            Convert.ToBase64String(made.Secret), homeId, epoch);
    }

    [GeneratedRegex("^[a-z0-9-]{1,32}$", RegexOptions.None, 1000)]
    private static partial Regex IdPattern();
}

/// <summary>An enrolment file.</summary>
public sealed record EnrolFile(
    [property: JsonRequired] EnrolCentre Centre, EnrolStaff[]? Staff, [property: JsonRequired] EnrolHome[] Homes);

/// <summary>The centre.</summary>
public sealed record EnrolCentre(
    [property: JsonRequired] string Id, [property: JsonRequired] string Name, [property: JsonRequired] string Phone);

/// <summary>A member of staff.</summary>
public sealed record EnrolStaff(
    [property: JsonRequired] string Name, [property: JsonRequired] string DisplayName,
    [property: JsonRequired] string Role,
    [property: JsonRequired] string Password);

/// <summary>A home.</summary>
public sealed record EnrolHome(
    [property: JsonRequired] string Code, [property: JsonRequired] string Address,
    [property: JsonRequired] string Building,
    [property: JsonRequired] string Floor, [property: JsonRequired] string Door, string? Grid,
    [property: JsonRequired] EnrolHub[] Hubs, [property: JsonRequired] EnrolResident[] Residents);

/// <summary>A hub.</summary>
public sealed record EnrolHub([property: JsonRequired] string Id);

/// <summary>A resident.</summary>
public sealed record EnrolResident(
    [property: JsonRequired] string Code, [property: JsonRequired] string Name, string? NameEn, int? BirthYear,
    [property: JsonRequired] string Phone, string? Keys, string? Hearing, string? Dialect, string? Medical,
    string? FirstQuestion, EnrolContact[]? Contacts, EnrolBand? Band);

/// <summary>A contact; without ConsentBy nothing is ever sent.</summary>
public sealed record EnrolContact(
    [property: JsonRequired] int Order, [property: JsonRequired] string Name, [property: JsonRequired] string Relation,
    [property: JsonRequired] string Phone, string? ConsentBy, long? ConsentAtMs, string? ConsentHow);

/// <summary>A band; address: 48-bit integer.</summary>
public sealed record EnrolBand([property: JsonRequired] long Address, string? Label, bool GuardAlways);

/// <summary>What an enrolment has added. Entries that existed before are left out.</summary>
public sealed record EnrolResult(
    string Centre, string CaPem, IReadOnlyList<EnrolledHub> Hubs, IReadOnlyList<EnrolledBand> Bands);

/// <summary>A new hub. Password is base64 of 32 bytes.</summary>
public sealed record EnrolledHub(string Id, string Home, string Password);

/// <summary>A new band. Secret is base64 of 32 bytes.</summary>
public sealed record EnrolledBand(
    long Id, long Address, string Label, string Home, string Resident, long ResidentId, string Secret, long Group,
    int Epoch);
