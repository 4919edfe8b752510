using ElderBand.BandProtocol.DeviceTests.Board;
using nanoFramework.TestFramework;

namespace ElderBand.BandProtocol.DeviceTests
{
    /// <summary>The golden vectors on the device's own runtime and with its own hash.</summary>
    [TestClass]
    public class ProtocolTests
    {
        private const int Type = 0;
        private const int LaneField = 1;
        private const int Boot = 2;
        private const int Sequence = 3;
        private const int Tags = 4;
        private const int Hex = 5;
        private const int Air = 6;

        /// <summary>Keys from the fixed secret.</summary>
        [TestMethod]
        public void The_five_keys_are_derived_as_on_the_host()
        {
            BandKeys keys = Keys();
            AreSame(FrameVectors.CentreUp, keys.CentreUp);
            AreSame(FrameVectors.CentreDown, keys.CentreDown);
            AreSame(FrameVectors.LinkUp, keys.LinkUp);
            AreSame(FrameVectors.LinkDown, keys.LinkDown);
            AreSame(FrameVectors.Air, keys.Air);
        }

        /// <summary>Headers of every frame, read and written.</summary>
        [TestMethod]
        public void Every_header_is_read_and_written_as_on_the_host()
        {
            byte[] written = new byte[Frame.Size];
            for (int i = 0; i < FrameVectors.Frames.Length; i++)
            {
                string[] vector = FrameVectors.Frames[i].Split(',');
                byte[] frame = Bytes(vector[Hex]);
                Assert.AreEqual(int.Parse(vector[Type]), (int)Frame.TypeOf(frame, 0));
                Assert.AreEqual(int.Parse(vector[LaneField]), (int)Frame.LaneOf(frame, 0));
                Assert.AreEqual(int.Parse(vector[Boot]), Frame.BootOf(frame, 0));
                Assert.AreEqual(int.Parse(vector[Sequence]), Frame.SequenceOf(frame, 0));
                Frame.Begin(written, Frame.TypeOf(frame, 0), Frame.LaneOf(frame, 0), Frame.BootOf(frame, 0),
                    Frame.SequenceOf(frame, 0));
                Assert.IsTrue(ElderBand.BandProtocol.Bytes.Same(frame, 0, written, 0, Frame.PayloadOffset));
            }
        }

        /// <summary>Makes and checks the tags of every frame, and seals every frame for the air.</summary>
        [TestMethod]
        public void Every_tag_and_seal_is_made_and_checked_as_on_the_host()
        {
            BandKeys keys = Keys();
            Tagger tagger = new Tagger(new DeviceMac());
            for (int i = 0; i < FrameVectors.Frames.Length; i++)
            {
                string[] vector = FrameVectors.Frames[i].Split(',');
                byte[] frame = Bytes(vector[Hex]);
                byte[] signed = new byte[Frame.Size];
                ElderBand.BandProtocol.Bytes.Copy(frame, 0, signed, 0, Frame.CentreTagOffset);
                switch (vector[Tags])
                {
                    case "u":
                        tagger.SignCentre(keys.CentreUp, signed);
                        tagger.SignLink(keys.LinkUp, signed);
                        Assert.IsTrue(tagger.CentreTagIsRight(keys.CentreUp, frame, 0));
                        Assert.IsTrue(tagger.LinkTagIsRight(keys.LinkUp, frame, 0));
                        Assert.IsFalse(tagger.LinkTagIsRight(keys.LinkDown, frame, 0));
                        break;
                    case "c":
                        tagger.SignCentre(keys.CentreDown, signed);
                        Assert.IsTrue(tagger.CentreTagIsRight(keys.CentreDown, frame, 0));
                        break;
                    case "l":
                        tagger.SignHub(keys.LinkDown, signed);
                        Assert.IsTrue(tagger.LinkTagIsRight(keys.LinkDown, frame, 0));
                        break;
                    default:
                        break;
                }

                AreSame(vector[Hex], signed);
                if (vector[Tags] != "n")
                {
                    tagger.Seal(keys.Air, vector[Tags] == "u", signed);
                }

                byte[] hidden = new byte[1 + Frame.PayloadSize];
                hidden[0] = signed[0];
                ElderBand.BandProtocol.Bytes.Copy(signed, Frame.PayloadOffset, hidden, 1, Frame.PayloadSize);
                AreSame(vector[Air], hidden);
            }
        }

        /// <summary>The window's shifts of 64 bits are what an interpreter gets wrong first.</summary>
        [TestMethod]
        public void A_window_of_64_judges_as_on_the_host()
        {
            ReplayWindow window = new ReplayWindow();
            window.Mark(1, 0);
            window.Mark(1, 63);
            Assert.AreEqual((int)Freshness.Seen, (int)window.Judge(1, 0));
            Assert.AreEqual((int)Freshness.New, (int)window.Judge(1, 1));
            window.Mark(1, 64);
            Assert.AreEqual((int)Freshness.Old, (int)window.Judge(1, 0));
            Assert.AreEqual((int)Freshness.Seen, (int)window.Judge(1, 63));
            window.Mark(2, 5);
            Assert.AreEqual((int)Freshness.OlderBoot, (int)window.Judge(1, 63));
            Assert.AreEqual((int)Freshness.New, (int)window.Judge(2, 4));
        }

        /// <summary>The published check value.</summary>
        [TestMethod]
        public void Crc32_gives_its_check_value()
        {
            byte[] digits = new byte[9];
            for (int i = 0; i < digits.Length; i++)
            {
                digits[i] = (byte)('1' + i);
            }

            Assert.AreEqual(0xCBF43926u, Crc32.Compute(digits, 0, digits.Length));
        }

        private static BandKeys Keys()
        {
            BandKeys keys = new BandKeys();
            keys.Derive(new DeviceMac(), Bytes(FrameVectors.Secret), FrameVectors.Group, FrameVectors.Epoch);
            return keys;
        }

        private static void AreSame(string hex, byte[] actual)
        {
            byte[] expected = Bytes(hex);
            Assert.AreEqual(expected.Length, actual.Length);
            Assert.IsTrue(ElderBand.BandProtocol.Bytes.Same(expected, 0, actual, 0, expected.Length), hex);
        }

        private static byte[] Bytes(string hex)
        {
            byte[] data = new byte[hex.Length / 2];
            for (int i = 0; i < data.Length; i++)
            {
                data[i] = (byte)((Nibble(hex[2 * i]) << 4) | Nibble(hex[(2 * i) + 1]));
            }

            return data;
        }

        private static int Nibble(char c)
        {
            return c <= '9' ? c - '0' : c - 'a' + 10;
        }
    }
}
