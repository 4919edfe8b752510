namespace ElderBand.BandProtocol
{
    /// <summary>What a hub reads from its provision; hardware/README.md lists the names.</summary>
    public sealed class HubProvision
    {
        private const string PemBegin = "-----BEGIN CERTIFICATE-----";
        private const string PemEnd = "-----END CERTIFICATE-----";
        // 2100: a later time is a mistake, and TLS would refuse every certificate
        private const long LatestS = 4102444800L;

        // The lines and the certificate fill at most one block of the flash (docs/adr/0038).
        private const int MaxBytes = 4000;
        private const string AuthorityName = "ca.pem";

        private static readonly string[] Names =
        {
            "wifi", "wifi_password", "host", "port", "centre", "hub", "password", "made",
        };

        /// <summary>Reads the values; <see cref="ProvisionFile.Fault"/> says whether they may be used.</summary>
        /// <param name="text">The file, null where there is none.</param>
        /// <param name="authority">The centre's certificate authority, PEM; null where there is none.</param>
        public HubProvision(string text, string authority)
        {
            File = new ProvisionFile(text, Names);
            Ssid = File.Text("wifi");
            WifiPassword = File.Text("wifi_password", mayBeEmpty: true);
            Host = File.Text("host");
            Port = (int)File.Number("port", 1, 65535, 8883);
            Centre = File.Text("centre");
            Hub = File.Text("hub");
            Password = File.Text("password");
            MadeS = File.Number("made", 0, LatestS, 0);
            Authority = authority;
            if (authority == null || authority.IndexOf(PemBegin) < 0 || authority.IndexOf(PemEnd) < 0)
            {
                File.Refuse(ProvisionFault.NoAuthority, AuthorityName);
            }
        }

        /// <summary>
        /// Loads the hub's provision from the flash. Files that a person has copied are used and kept where they are
        /// good. Otherwise the kept provision is used. A person may copy one of the two files alone.
        /// </summary>
        public static HubProvision Load(ProvisionStore store)
        {
            store.Load();
            HubProvision copied = new HubProvision(store.Text(0), store.Text(1));
            if (store.IsTooLong)
            {
                copied.File.Overrule(ProvisionFault.TooLong, ProvisionFile.Name);
            }

            if (copied.File.Fault == ProvisionFault.None)
            {
                store.Keep();
                return copied;
            }

            HubProvision kept = new HubProvision(store.Kept(0), store.Kept(1));
            store.Refuse();
            return kept.File.Fault == ProvisionFault.None ? kept : copied;
        }

        /// <summary>The store from which <see cref="Load"/> reads the provision.</summary>
        public static ProvisionStore StoreOn(IFlash flash)
        {
            return new ProvisionStore(flash, new[] { ProvisionFile.Name, AuthorityName }, MaxBytes);
        }

        /// <summary>The lines and the first fault.</summary>
        public ProvisionFile File { get; }

        /// <summary>Name of the home's Wi-Fi.</summary>
        public string Ssid { get; }

        /// <summary>Its password, empty for an open network.</summary>
        public string WifiPassword { get; }

        /// <summary>Name or address of the centre.</summary>
        public string Host { get; }

        /// <summary>Port of MQTT over TLS.</summary>
        public int Port { get; }

        /// <summary>The centre's id, part of every topic.</summary>
        public string Centre { get; }

        /// <summary>The hub's id: user name, client id and part of every topic.</summary>
        public string Hub { get; }

        /// <summary>The hub's password, the base64 text itself.</summary>
        public string Password { get; }

        /// <summary>Seconds since 1970 when the file was written; 0 where it does not say.</summary>
        public long MadeS { get; }

        /// <summary>The centre's certificate authority, PEM.</summary>
        public string Authority { get; }
    }
}
