using System.Security.Cryptography;
using ElderBand.BandProtocol;
using ElderBand.HubService.Devices;
using ElderBand.HubService.Storage;
using QRCoder;

namespace ElderBand.HubService;

/// <summary>The commands of the executable beside <c>run</c>; they work while the service runs, too.</summary>
public static class Commands
{
    /// <summary>What the commands are.</summary>
    public const string Help = """
        hub-service run          [--http-port N] [--family-port N] [--operations-port N] [--management-port N] [--proxy IP,IP/BITS]
                                 [--mqtt-port N] [--mqtt-address IP] [--webhook URL] [--webhook-template FILE] [--public-url URL]
                                 [--webhook-token-file FILE] [--webhook-key-file FILE] [--hook-secret-file FILE]
        hub-service enrol        --file IN.json --out OUT.json
        hub-service enrol-resident --home CODE --code CODE --name TEXT --phone TEXT [--address --building --floor --door --grid]
                                 [--name-en --birth-year --keys --hearing --dialect --medical --first-question]
        hub-service enrol-contact --resident CODE --name TEXT --relation TEXT --phone TEXT [--order N] [--consent-by TEXT --consent-how TEXT]
        hub-service enrol-hub    --home CODE --id ID [--replaces ID]
        hub-service enrol-band   --resident CODE --address HEX12 [--label TEXT] [--guard-always]
        hub-service staff-add    --name NAME --display TEXT [--role officer|admin] (the password is asked)
        hub-service signin-link  --staff NAME [--http-port N]
        hub-service staff-leave  --name NAME
        hub-service staff-password --name NAME (the password is asked)
        hub-service band-revoke  --address HEX12
        hub-service hub-revoke   --id ID
        hub-service consent-withdraw --resident CODE --phone TEXT
        hub-service resident-gone --resident CODE
        hub-service backup       --out FILE
        hub-service restore      --file FILE [--revocations FILE]
        hub-service audit-verify [--file FILE]
        hub-service audit-close  --before YYYY-MM-DD --out FILE
        Every command: [--data DIR] [--key-file FILE]. DIR is "data" unless it is said otherwise, FILE lies beside it as DIR.key.

        """;

    private const int LinkMinutes = 10;

    /// <summary>Runs one command; returns the exit code.</summary>
    /// <exception cref="StartException">Something a person has to put right.</exception>
    public static async Task<int> RunAsync(string command, IReadOnlyList<string> words, TextWriter output)
    {
        switch (command)
        {
            case "enrol":
                return await EnrolAsync(new Arguments(words, ["file", "out"], []), output);
            case "enrol-resident":
                return await EnrolResidentAsync(
                    new Arguments(
                        words,
                        [
                            "home", "address", "building", "floor", "door", "grid", "code", "name", "name-en",
                            "birth-year",
                            "phone", "keys", "hearing", "dialect", "medical", "first-question",
                        ],
                        []),
                    output);
            case "enrol-contact":
                return await EnrolContactAsync(
                    new Arguments(words,
                        ["resident", "name", "relation", "phone", "order", "consent-by", "consent-how"], []),
                    output);
            case "enrol-hub":
                return await EnrolHubAsync(new Arguments(words, ["home", "id", "replaces"], []), output);
            case "enrol-band":
                return await EnrolBandAsync(
                    new Arguments(words, ["resident", "address", "label"], ["guard-always"]), output);
            case "staff-add":
                return await AddStaffAsync(
                    new Arguments(words, ["name", "display", "role"], []), output);
            case "signin-link":
                return await SignInLinkAsync(new Arguments(words, ["staff", "http-port"], []), output);
            case "backup":
                return BackUp(new Arguments(words, ["out"], []), output);
            case "restore":
                return Restore(new Arguments(words, ["file", "revocations"], []), output);
            case "audit-verify":
                return VerifyAudit(new Arguments(words, ["file"], []), output);
            case "audit-close":
                return await CloseAuditAsync(new Arguments(words, ["before", "out"], []), output);
            case "help" or "--help" or "-h":
                await output.WriteAsync(Help);
                return 0;
            case { } ends when await LifeCycleCommands.RunAsync(
                ends, words, static a => OpenStore(a, mustExist: true), output):
                return 0;
            default:
                throw new StartException($"There is no command '{command}'. 'hub-service help' lists them.");
        }
    }

    private static Store OpenStore(Arguments arguments, bool mustExist)
    {
        string dataDir = arguments["data"] ?? "data";
        if (mustExist && !File.Exists(Path.Combine(dataDir, "elderband.db")))
        {
            throw new StartException(
                $"There is no database in '{dataDir}'. Name its folder with --data, or make one with 'enrol'.");
        }
        return Store.Open(dataDir, new Clock(), arguments["key-file"]);
    }

    private static async Task<int> EnrolAsync(Arguments arguments, TextWriter output)
    {
        string outFile = arguments.Required("out");
        string part = $"{outFile}.part";
        RefuseSecretsThatExist(outFile, part);
        EnrolFile file = Enrolment.Read(arguments.Required("file"));
        using Store store = OpenStore(arguments, mustExist: false);
        using var certificates = ServiceCertificates.Open(arguments["data"] ?? "data");
        string caPem = await File.ReadAllTextAsync(certificates.CaFile);
        EnrolResult result = await store.WriteAsync(Lane.Alarm, tx =>
        {
            EnrolResult made = Enrolment.Apply(tx, file, caPem);
            if (made.Hubs.Count + made.Bands.Count > 0)
            {
                // The file is written before the commit. Otherwise a crash in between would leave secrets that only the
                // database knows.
                Enrolment.Write(part, made);
            }
            return made;
        });
        if (result.Hubs.Count + result.Bands.Count == 0)
        {
            await output.WriteLineAsync(
                $"Centre {result.Centre} is up to date. Nothing new has a secret: {outFile} is not written.");
            return 0;
        }
        File.Move(part, outFile, overwrite: false);
        await output.WriteLineAsync(
            $"Enrolled in centre {result.Centre}: {result.Hubs.Count} new hubs and {result.Bands.Count} new bands. "
                + $"Their secrets are in {outFile}; keep it safe.");
        return 0;
    }

    private static void RefuseSecretsThatExist(string outFile, string part)
    {
        if (File.Exists(outFile))
        {
            throw new StartException(
                $"'{outFile}' exists, and the secrets in it are shown only once. Name a new file with --out: only what "
                    + "is new is written.");
        }
        if (File.Exists(part))
        {
            throw new StartException(
                $"'{part}' is left from an enrolment that was cut off. It may hold the only secrets of devices that "
                    + "are enrolled: give it another name, keep it, and run this again.");
        }
    }

    private static async Task<int> EnrolResidentAsync(Arguments a, TextWriter output)
    {
        using Store store = OpenStore(a, mustExist: true);
        int? birthYear = a["birth-year"] is not { } year ? null
            : int.TryParse(year, out int parsed) && parsed is > 1880 and < 2100 ? parsed
            : throw new StartException($"--birth-year must be a year, not '{year}'.");
        long id = await store.WriteAsync(Lane.Alarm, tx =>
        {
            string centreId = Centre(tx.Db);
            string homeCode = a.Required("home");
            HomeRow? known = ResidentRows.HomeByCode(tx.Db, centreId, homeCode);
            long homeId = known?.Id ?? ResidentRows.PutHome(
                tx.Db,
                new HomeRow(
                    0, centreId, homeCode, a.Required("address"), a["building"] ?? "", a["floor"] ?? "",
                    a["door"] ?? "",
                    a["grid"] ?? "", Enrolment.FirstLinkEpoch),
                tx.NowMs);
            long residentId = ResidentRows.PutResident(
                tx.Db,
                new ResidentRow(
                    0, centreId, a.Required("code"), a.Required("name"), a["name-en"] ?? "", birthYear,
                    a.Required("phone"),
                    a["keys"] ?? "", a["hearing"] ?? "", a["dialect"] ?? "", a["medical"] ?? "",
                    a["first-question"] ?? ""),
                tx.NowMs);
            ResidentRows.MoveTo(tx.Db, centreId, residentId, homeId, tx.NowMs);
            tx.Audit(centreId, "command", "resident.enrolled", $"resident:{residentId}");
            return residentId;
        });
        await output.WriteLineAsync($"Resident {id} is enrolled. Next: enrol-contact, enrol-hub, enrol-band.");
        return 0;
    }

    private static async Task<int> EnrolContactAsync(Arguments a, TextWriter output)
    {
        using Store store = OpenStore(a, mustExist: true);
        int order = a["order"] is not { } text ? 1
            : int.TryParse(text, out int parsed) && parsed > 0 ? parsed
            : throw new StartException($"--order must be a number from 1, not '{text}'.");
        await store.WriteAsync(Lane.Alarm, tx =>
        {
            string centreId = Centre(tx.Db);
            long residentId = Resident(tx.Db, centreId, a.Required("resident"));
            Enrolment.PutContact(
                tx,
                new ContactRow(
                    0, centreId, residentId, order, a.Required("name"), a.Required("relation"), a.Required("phone"),
                    a["consent-by"],
                    a.Has("consent-by") ? tx.NowMs : null, a["consent-how"]),
                "command");
        });
        await output.WriteLineAsync(
            a.Has("consent-by") ? "The contact is enrolled and will be told of alarms."
                : "The contact is enrolled without consent: nothing will be sent.");
        return 0;
    }

    private static async Task<int> EnrolHubAsync(Arguments a, TextWriter output)
    {
        using Store store = OpenStore(a, mustExist: true);
        NewHub hub = await store.WriteAsync(Lane.Alarm, tx =>
        {
            string centreId = Centre(tx.Db);
            string code = a.Required("home");
            HomeRow home = ResidentRows.HomeByCode(tx.Db, centreId, code)
                ?? throw new StartException($"There is no home '{code}'. 'enrol-resident --home {code}' makes one.");
            return Enrolment.AddHub(tx, centreId, a.Required("id"), home.Id, a["replaces"], "command");
        });
        if (a["replaces"] is { } replaced)
        {
            Revocations.Add(store.Folder!, replaced, new Clock().NowMs);
        }
        await output.WriteLineAsync($"Hub {hub.Id} is enrolled. Its password (base64 of 32 bytes), shown this once:");
        await output.WriteLineAsync(Convert.ToBase64String(hub.Password));
        return 0;
    }

    private static async Task<int> EnrolBandAsync(Arguments a, TextWriter output)
    {
        using Store store = OpenStore(a, mustExist: true);
        long address = Enrolment.ParseAddress(a.Required("address"));
        NewBand band = await store.WriteAsync(Lane.Alarm, tx =>
        {
            string centreId = Centre(tx.Db);
            long residentId = Resident(tx.Db, centreId, a.Required("resident"));
            return Enrolment.AddBand(
                tx, centreId, address, a["label"] ?? $"{address:x12}", a.Has("guard-always"), residentId, "command");
        });
        await output.WriteLineAsync($"Band {band.Id} is enrolled. Its QR code, shown this once (the secret is in it):");
        using var generator = new QRCodeGenerator();
        using QRCodeData data = generator.CreateQrCode(band.QrText, QRCodeGenerator.ECCLevel.M);
        using var code = new AsciiQRCode(data);
        await output.WriteLineAsync(code.GetGraphicSmall());
        await output.WriteLineAsync(band.QrText);
        return 0;
    }

    private static async Task<int> AddStaffAsync(Arguments a, TextWriter output)
    {
        using Store store = OpenStore(a, mustExist: true);
        await Console.Error.WriteAsync("Password (8 characters or more): ");
        string password = await Console.In.ReadLineAsync() ?? "";
        string name = a.Required("name");
        await store.WriteAsync(Lane.Alarm, tx => Enrolment.AddStaff(
            tx, Centre(tx.Db), name, a["display"] ?? name, a["role"] ?? "officer", password, "command"));
        await output.WriteLineAsync($"{name} may sign in.");
        return 0;
    }

    private static async Task<int> SignInLinkAsync(Arguments a, TextWriter output)
    {
        using Store store = OpenStore(a, mustExist: true);
        int port = a.Port("http-port", new ServiceOptions().HttpPort);
        string name = a.Required("staff");
        string code = Convert.ToHexString(RandomNumberGenerator.GetBytes(32)).ToLowerInvariant();
        await store.WriteAsync(Lane.Alarm, tx =>
        {
            StaffRow staff = StaffRows.ByName(tx.Db, name)
                ?? throw new StartException($"There is no member of staff '{name}'. 'staff-add' makes one.");
            StaffRows.InsertCode(
                tx.Db, staff.CentreId, staff.Id, SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(code)),
                tx.NowMs + (LinkMinutes * 60_000));
            tx.Audit(staff.CentreId, "command", "staff.signInLink", $"staff:{staff.Id}");
        });
        await output.WriteLineAsync($"http://localhost:{port}/signin?code={code}");
        return 0;
    }

    private static int BackUp(Arguments a, TextWriter output)
    {
        string file = a.Required("out");
        BackupManifest made = Backup.Make(a["data"] ?? "data", file, new Clock().NowMs);
        output.WriteLine(
            $"{file}: {made.Files.Count} files, {new FileInfo(file).Length} bytes. The key of the bands' secrets is "
                + "not in it: keep a copy of that elsewhere.");
        return 0;
    }

    private static int Restore(Arguments a, TextWriter output)
    {
        string dataDir = a["data"] ?? "data";
        (BackupManifest of, uint incarnation) = Backup.Restore(
            a.Required("file"), dataDir, new Clock(), a["key-file"], a["revocations"]);
        output.WriteLine(
            $"The backup of {DateTimeOffset.FromUnixTimeMilliseconds(of.MadeAtMs):u} is in '{dataDir}'. Start the "
                + $"service: it is a new incarnation ({of.Incarnation} -> {incarnation}), and hubs send again what "
                + "came since.");
        return 0;
    }

    private static int VerifyAudit(Arguments a, TextWriter output)
    {
        using Store store = OpenStore(a, mustExist: true);
        return AuditCommands.Verify(a, store, output);
    }

    private static async Task<int> CloseAuditAsync(Arguments a, TextWriter output)
    {
        using Store store = OpenStore(a, mustExist: true);
        return await AuditCommands.CloseAsync(a, store, output);
    }

    private static string Centre(Db db) => ResidentRows.FirstCentre(db)?.CentreId
        ?? throw new StartException("There is no centre yet. 'enrol --file' makes it.");

    private static long Resident(Db db, string centreId, string code) =>
        ResidentRows.ResidentByCode(db, centreId, code)?.Id
        ?? throw new StartException($"There is no resident '{code}'. 'enrol-resident --code {code}' makes one.");
}
