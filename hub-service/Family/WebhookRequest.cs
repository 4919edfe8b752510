using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ElderBand.HubService.Storage;

namespace ElderBand.HubService.Family;

/// <summary>
/// How a text is posted to the gateway. Without a template: JSON with id, to, text and alarm. Of a template the first
/// line is the content type and the other lines are the body; {id}, {to}, {text} and {alarm} are put in as that
/// type asks: as parts of JSON strings, as parts of a form, or in a plain text as they are. The request carries a
/// Content-Length, and, where they are configured, a bearer token and a signature (docs/service-api.md).
/// </summary>
public sealed class WebhookRequest
{
    /// <summary>Header of the signature: "t=SECONDS,sha256=HEX", HMAC-SHA256 over "SECONDS." and the body.</summary>
    public const string SignatureHeader = "X-ElderBand-Signature";

    private const string Json = "application/json";
    private const string Form = "application/x-www-form-urlencoded";
    private const string Plain = "text/plain";

    private const string Otherwise = Json + "\n" + """{"id":"{id}","to":"{to}","text":"{text}","alarm":{alarm}}""";

    private readonly string _type;
    private readonly string _body;
    private readonly string? _token;
    private readonly byte[]? _key;

    /// <summary>Reads the template; null for JSON. Token and key: null for none.</summary>
    /// <exception cref="StartException">The template cannot be used; says why.</exception>
    public WebhookRequest(string? template = null, string? token = null, string? key = null)
    {
        _token = token;
        _key = key is null ? null : Encoding.UTF8.GetBytes(key);
        string[] parts = (template ?? Otherwise).ReplaceLineEndings("\n").Split('\n', 2);
        _type = parts[0].Trim();
        _body = parts.Length == 2 ? parts[1].TrimEnd('\n') : "";
        if (_type is not (Json or Form or Plain))
        {
            throw new StartException(
                $"The first line of the webhook's template is '{_type}' and must be {Json}, {Form} or {Plain}.");
        }
        if (!_body.Contains("{to}", StringComparison.Ordinal) || !_body.Contains("{text}", StringComparison.Ordinal))
        {
            throw new StartException(
                "The webhook's template does not name {to} and {text}: nobody would be told anything.");
        }
    }

    /// <summary>The request for one text.</summary>
    public HttpRequestMessage Make(Uri address, DueMessage m, string text, long nowMs)
    {
        byte[] body = Encoding.UTF8.GetBytes(Fill(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["id"] = MessageRows.PublicId(m.Id, m.Incarnation),
            ["to"] = m.Phone,
            ["text"] = text,
            ["alarm"] = $"{m.AlarmNumber}",
        }));
        var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(_type) { CharSet = "utf-8" };
        request.Headers.Add("Idempotency-Key", $"{m.CentreId}-{MessageRows.PublicId(m.Id, m.Incarnation)}");
        if (_token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _token);
        }
        if (_key is not null)
        {
            byte[] signed = [.. Encoding.ASCII.GetBytes($"{nowMs / 1000}."), .. body];
            string hex = Convert.ToHexStringLower(HMACSHA256.HashData(_key, signed));
            request.Headers.Add(SignatureHeader, $"t={nowMs / 1000},sha256={hex}");
        }
        return request;
    }

    /// <summary>One pass over the template, so that a text with braces in it is not filled again.</summary>
    private string Fill(Dictionary<string, string> values)
    {
        var filled = new StringBuilder();
        int at = 0;
        while (at < _body.Length)
        {
            int end = _body[at] == '{' ? _body.IndexOf('}', at) : -1;
            if (end > 0 && values.TryGetValue(_body[(at + 1)..end], out string? value))
            {
                filled.Append(_type switch
                {
                    Json => JsonEncodedText.Encode(value).ToString(),
                    Form => Uri.EscapeDataString(value),
                    _ => value,
                });
                at = end + 1;
            }
            else
            {
                filled.Append(_body[at++]);
            }
        }
        return filled.ToString();
    }
}
