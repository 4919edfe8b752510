using nanoFramework.TestFramework;

namespace ElderBand.VitalsFilter.DeviceTests
{
    /// <summary>The golden vectors on the device's own interpreter: every number as on the host.</summary>
    [TestClass]
    public class FilterTests
    {
        /// <summary>Falls at 25 Hz.</summary>
        [TestMethod]
        public void Falls_at_25_Hz_are_judged_as_on_the_host()
        {
            Check(0);
        }

        /// <summary>Falls at 50 Hz.</summary>
        [TestMethod]
        public void Falls_at_50_Hz_are_judged_as_on_the_host()
        {
            Check(1);
        }

        /// <summary>Heart rate and oxygen at every rate and with one, two and three channels.</summary>
        [TestMethod]
        public void Heart_rate_and_oxygen_are_estimated_as_on_the_host()
        {
            Check(2);
            Check(3);
            Check(4);
            Check(5);
            Check(6);
            Check(7);
        }

        /// <summary>Heart rate of a walker.</summary>
        [TestMethod]
        public void Heart_rate_in_motion_is_estimated_as_on_the_host()
        {
            Check(8);
        }

        /// <summary>Heart rate and oxygen from a chip that averages two samples and gives 25 Hz (F3).</summary>
        [TestMethod]
        public void Heart_rate_and_oxygen_from_averaged_samples_are_estimated_as_on_the_host()
        {
            Check(9);
            Check(10);
        }

        /// <summary>Steps, classes and still seconds.</summary>
        [TestMethod]
        public void Activity_is_counted_as_on_the_host()
        {
            Check(11);
            Check(12);
        }

        /// <summary>Worn, maybe, off.</summary>
        [TestMethod]
        public void Wear_is_judged_as_on_the_host()
        {
            Check(13);
        }

        /// <summary>Roots up to the largest values, sorting.</summary>
        [TestMethod]
        public void Integer_functions_are_exact_as_on_the_host()
        {
            Check(14);
        }

        private static void Check(int index)
        {
            int[] expected = FilterVectors.Expected[index];
            int[] actual = Replay.Run(index);
            Assert.AreEqual(expected.Length, actual.Length, Replay.Names[index]);
            for (int i = 0; i < expected.Length; i++)
            {
                Assert.AreEqual(expected[i], actual[i], Replay.Names[index]);
            }
        }
    }
}
