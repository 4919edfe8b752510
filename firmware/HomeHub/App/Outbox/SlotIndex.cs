using System;

namespace ElderBand.HomeHub
{
    /// <summary>Finds slots of a table by a hash: slots whose hashes have the same low bits form a chain.</summary>
    public sealed class SlotIndex
    {
        // Both arrays hold the slot's number plus 1, so that 0 means none and a new array needs no filling.
        private readonly short[] _first;
        private readonly short[] _next;
        private readonly uint _mask;

        /// <summary>Allocates all memory that the index will use.</summary>
        /// <param name="slots">Slots, up to 32,767.</param>
        public SlotIndex(int slots)
        {
            int chains = 16;
            while (chains < slots)
            {
                chains *= 2;
            }

            _first = new short[chains];
            _mask = (uint)(chains - 1);
            _next = new short[slots];
        }

        /// <summary>
        /// First slot of this hash's chain, -1 for none. Other hashes share the chain, so the caller compares.
        /// </summary>
        public int First(uint hash)
        {
            return _first[hash & _mask] - 1;
        }

        /// <summary>The next slot of the same chain, -1 after the last.</summary>
        public int Next(int slot)
        {
            return _next[slot] - 1;
        }

        /// <summary>Adds a slot.</summary>
        public void Add(uint hash, int slot)
        {
            uint chain = hash & _mask;
            _next[slot] = _first[chain];
            _first[chain] = (short)(slot + 1);
        }

        /// <summary>
        /// Removes a slot that was added with this hash; does nothing where the slot is not in the chain.
        /// </summary>
        public void Remove(uint hash, int slot)
        {
            uint chain = hash & _mask;
            int at = _first[chain] - 1;
            if (at == slot)
            {
                _first[chain] = _next[slot];
                return;
            }

            while (at >= 0)
            {
                int next = _next[at] - 1;
                if (next == slot)
                {
                    _next[at] = _next[slot];
                    return;
                }

                at = next;
            }
        }

        /// <summary>Forgets all slots.</summary>
        public void Clear()
        {
            Array.Clear(_first, 0, _first.Length);
        }
    }
}
