using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>The keys that a hub has of one band, all derived from the same secret of the band.</summary>
    public sealed class KeySet
    {
        /// <summary>Key of frames from the band.</summary>
        public readonly byte[] Up = new byte[BandKeys.HubSize];

        /// <summary>Key of frames to the band.</summary>
        public readonly byte[] Down = new byte[BandKeys.HubSize];

        /// <summary>Key that seals frames from and to the band on the air. Sets are told apart by this key.</summary>
        public readonly byte[] Air = new byte[BandKeys.HubSize];

        /// <summary>True: the set holds keys.</summary>
        public bool IsUsed;

        /// <summary>True: the last table of the centre lists these keys.</summary>
        public bool IsListed;
    }

    /// <summary>
    /// Two sets of keys for one band, because band and hub cannot change their keys at the same moment (docs/adr/0097).
    /// The set in use is the one under which the hub last heard a frame of the band with a new number. Where the centre
    /// no longer lists the set in use, that set is kept until the band is heard under a listed one, because a centre
    /// that was restored from a backup may list old keys only.
    /// </summary>
    public sealed class BandKeySets
    {
        private readonly KeySet[] _sets = { new KeySet(), new KeySet() };
        private int _inUse;

        /// <summary>The keys of frames to the band.</summary>
        public KeySet InUse
        {
            get { return _sets[_inUse]; }
        }

        /// <summary>The keys of the set that is not in use, to which the band may change; null for none.</summary>
        public KeySet Other
        {
            get { return _sets[1 - _inUse].IsUsed ? _sets[1 - _inUse] : null; }
        }

        /// <summary>Deletes both sets, because another band takes the session.</summary>
        public void Clear()
        {
            _sets[0].IsUsed = false;
            _sets[1].IsUsed = false;
            _inUse = 0;
        }

        /// <summary>Begins a table of the centre, which has one or two entries for this band.</summary>
        public void BeginTable()
        {
            _sets[0].IsListed = false;
            _sets[1].IsListed = false;
        }

        /// <summary>Takes the keys of one entry of the table.</summary>
        /// <param name="data">The table.</param>
        /// <param name="at">Where the three keys begin: up, down, air.</param>
        public void List(byte[] data, int at)
        {
            int airAt = at + BandKeys.HubSize + BandKeys.HubSize;
            KeySet set = Holds(InUse, data, airAt) ? InUse : Holds(Other, data, airAt) ? Other : Room();
            Bytes.Copy(data, at, set.Up, 0, BandKeys.HubSize);
            Bytes.Copy(data, at + BandKeys.HubSize, set.Down, 0, BandKeys.HubSize);
            Bytes.Copy(data, airAt, set.Air, 0, BandKeys.HubSize);
            set.IsUsed = true;
            set.IsListed = true;
        }

        /// <summary>
        /// Ends the table. Keys that the table does not list and that the band does not use are deleted.
        /// </summary>
        public void EndTable()
        {
            KeySet other = _sets[1 - _inUse];
            other.IsUsed &= other.IsListed;
        }

        /// <summary>
        /// Notes that the band has sent a frame with a new number under one of the sets. Returns true where that set
        /// was not in use before.
        /// </summary>
        public bool Heard(KeySet set)
        {
            bool isChange = set != InUse;
            _inUse = set == _sets[0] ? 0 : 1;
            KeySet other = _sets[1 - _inUse];
            other.IsUsed &= other.IsListed || !set.IsListed;
            return isChange;
        }

        private static bool Holds(KeySet set, byte[] data, int airAt)
        {
            return set != null && set.IsUsed && Bytes.Same(set.Air, 0, data, airAt, BandKeys.HubSize);
        }

        // Returns the set to overwrite: an empty one where there is one, otherwise the one that is not in use. Where
        // the table lists the one that is not in use, that one comes into use, and the other is overwritten.
        private KeySet Room()
        {
            if (!InUse.IsUsed)
            {
                return InUse;
            }

            if (Other != null && Other.IsListed)
            {
                _inUse = 1 - _inUse;
            }

            return _sets[1 - _inUse];
        }
    }
}
