using ElderBand.BandProtocol;

namespace ElderBand.HomeHub
{
    /// <summary>The keys of one band that a hub has, under one secret of the band.</summary>
    public sealed class KeySet
    {
        /// <summary>Key of frames from the band.</summary>
        public readonly byte[] Up = new byte[BandKeys.HubSize];

        /// <summary>Key of frames to the band.</summary>
        public readonly byte[] Down = new byte[BandKeys.HubSize];

        /// <summary>Key that seals the band's frames on the air, both ways. It tells the sets apart.</summary>
        public readonly byte[] Air = new byte[BandKeys.HubSize];

        /// <summary>The set holds keys.</summary>
        public bool IsUsed;

        /// <summary>The centre's last table has these keys.</summary>
        public bool IsListed;
    }

    /// <summary>
    /// Two sets of keys for one band, because band and hub cannot change them at one moment (docs/adr/0097). The set in
    /// use is the one under which the band was last heard with a new number. A set that the centre no longer lists is
    /// kept until the band is heard under a listed one: a restored backup may know old keys only.
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

        /// <summary>The keys that the band may use as well; null for none.</summary>
        public KeySet Other
        {
            get { return _sets[1 - _inUse].IsUsed ? _sets[1 - _inUse] : null; }
        }

        /// <summary>Forgets both: another band has the session.</summary>
        public void Clear()
        {
            _sets[0].IsUsed = false;
            _sets[1].IsUsed = false;
            _inUse = 0;
        }

        /// <summary>The centre's table follows, with one or two entries for this band.</summary>
        public void BeginTable()
        {
            _sets[0].IsListed = false;
            _sets[1].IsListed = false;
        }

        /// <summary>Takes the keys of an entry of the table.</summary>
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

        /// <summary>The table has ended: keys that it does not list and the band does not use are gone.</summary>
        public void EndTable()
        {
            KeySet other = _sets[1 - _inUse];
            other.IsUsed &= other.IsListed;
        }

        /// <summary>
        /// The band has said something new under one of the sets; true where that set was not in use before.
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

        // An empty set; else the one that the band does not use; else, where that one is listed, the one in use.
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
