using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using ElderBand.Simulation;
using ElderBand.Simulator.Centre;
using ElderBand.Simulator.Neighbourhood;
using ElderBand.Simulator.WristPage;

namespace ElderBand.Simulator.Stories;

/// <summary>
/// <c>./dev pictures</c>: remakes the README's pictures from the running system with the machine's chromium.
/// </summary>
public static partial class Pictures
{
    private static readonly string[] Browsers = [
        "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    // Long enough for the event stream to have drawn everything.
    private const int SettleMs = 6000;

    /// <summary>Makes them; returns 0 where all are there.</summary>
    public static async Task<int> RunAsync(Options options, string folder, CancellationToken cancellation)
    {
        var browser = Array.Find(Browsers, File.Exists)
            ?? throw new SimulationException(
                "./dev pictures needs chromium: install it (Debian: apt-get install chromium) and run this again.");
        Directory.CreateDirectory(folder);
        var page = new WristServer();
        await using var run = await NeighbourhoodRun.StartAsync(
            options, Figures.Fixed, People.Homes(options.Homes), page.Map, Console.WriteLine, cancellation);
        page.Show(run);
        var people = new StoryPeople(
            run, new Timeline(Console.Out), options.Data is null ? null : new Recordings(options.Data));
        await people.BeginAsync();

        // A console that shows vitals says more than one that has just been opened.
        await people.EnoughVitalsAsync(2);
        var press = await people.PressAsync(people.First);
        if (!await run.UntilAsync(() => press.ReceivedUs is not null && press.Texts.Count > 0, 20_000))
        {
            throw new SimulationException(
                "The press did not reach the screen: ./dev run --once says where it stopped.");
        }

        await ShootAsync(browser, await run.SignInLinkAsync(cancellation), Path.Combine(folder, "console-sos.png"),
            1366, 768, cancellation);
        await ShootAsync(browser, new Uri($"http://localhost:{run.WristPort}/"), Path.Combine(folder, "wrist.png"),
            1366, 900, cancellation);
        var family = run.Gateway.Texts.Select(static text => Link().Match(text.Words).Value)
            .First(static link => link.Length > 0);
        await ShootAsync(browser, new Uri(family), Path.Combine(folder, "family.png"), 430, 860, cancellation);
        return 0;
    }

    // Through the browser's own debugging protocol: the pages stream for ever, so there is no "loaded" to wait for.
    private static async Task ShootAsync(
        string browser, Uri page, string file, int width, int height, CancellationToken cancellation)
    {
        var profile = Directory.CreateTempSubdirectory("elderband-camera-");
        using var process = Process.Start(new ProcessStartInfo(
            browser,
            [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                    "--force-device-scale-factor=1", "--lang=zh-CN",
                $"--user-data-dir={profile.FullName}", $"--window-size={width},{height}", "--remote-debugging-port=0",
                    "about:blank",
            ])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _ = process.StandardOutput.ReadToEndAsync(cancellation);
        _ = process.StandardError.ReadToEndAsync(cancellation);
        try
        {
            var portFile = Path.Combine(profile.FullName, "DevToolsActivePort");
            for (var tries = 0; tries < 150 && !File.Exists(portFile); tries++)
            {
                await Task.Delay(100, cancellation);
            }

            await Task.Delay(300, cancellation);
            var port = (await File.ReadAllLinesAsync(portFile, cancellation))[0];
            using var http = new HttpClient();
            using var targets = JsonDocument.Parse(
                await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/json"), cancellation));
            var address = targets.RootElement.EnumerateArray().First(static t =>
                t.GetProperty("type").GetString() == "page").GetProperty("webSocketDebuggerUrl").GetString()!;
            using var socket = new ClientWebSocket();
            await socket.ConnectAsync(new Uri(address), cancellation);
            await AskAsync(socket, 1, "Emulation.setDeviceMetricsOverride",
                new { width, height, deviceScaleFactor = 1, mobile = false }, cancellation);
            await AskAsync(socket, 2, "Page.navigate", new { url = $"{page}" }, cancellation);
            await Task.Delay(SettleMs, cancellation);
            using var shot = await AskAsync(socket, 3, "Page.captureScreenshot", new { format = "png" }, cancellation);
            await File.WriteAllBytesAsync(
                file, shot.RootElement.GetProperty("result").GetProperty("data").GetBytesFromBase64(), cancellation);
            Console.WriteLine($"{Path.GetFileName(file)} {new FileInfo(file).Length / 1024} KB");
        }
        finally
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            profile.Delete(recursive: true);
        }
    }

    private static async Task<JsonDocument> AskAsync(
        ClientWebSocket socket, int id, string method, object parameters, CancellationToken cancellation)
    {
        await socket.SendAsync(
            JsonSerializer.SerializeToUtf8Bytes(new { id, method, @params = parameters }), WebSocketMessageType.Text,
                true, cancellation);
        var buffer = new byte[64 * 1024];
        while (true)
        {
            using var message = new MemoryStream();
            WebSocketReceiveResult part;
            do
            {
                part = await socket.ReceiveAsync(buffer, cancellation);
                message.Write(buffer, 0, part.Count);
            }
            while (!part.EndOfMessage);

            var answer = JsonDocument.Parse(message.ToArray());
            if (answer.RootElement.TryGetProperty("id", out var answers) && answers.GetInt32() == id)
            {
                return answer;
            }

            answer.Dispose();
        }
    }

    [GeneratedRegex(@"https?://\S+", RegexOptions.None, 1000)]
    private static partial Regex Link();
}
