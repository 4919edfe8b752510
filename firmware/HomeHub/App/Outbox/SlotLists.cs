using System;

namespace ElderBand.HomeHub
{
    /// <summary>
    /// Doubly linked lists over the slots of a table. A slot is in one list at most. The cost of adding or removing a
    /// slot does not depend on the length of the list.
    /// </summary>
    public sealed class SlotLists
    {
        private readonly short[] _next;
        private readonly short[] _previous;
        private readonly byte[] _list;
        private readonly short[] _first;
        private readonly short[] _last;
        private readonly int[] _count;

        /// <summary>
        /// Allocates all memory that the lists will use. No slot is in a list yet, and <see cref="ListOf"/> returns 0.
        /// </summary>
        /// <param name="slots">Slots, up to 32,767.</param>
        /// <param name="lists">Lists, numbered from 0.</param>
        public SlotLists(int slots, int lists)
        {
            _next = new short[slots];
            _previous = new short[slots];
            _list = new byte[slots];
            _first = new short[lists];
            _last = new short[lists];
            _count = new int[lists];
            Clear();
        }

        /// <summary>First slot of a list, -1 where it is empty.</summary>
        public int First(int list)
        {
            return _first[list];
        }

        /// <summary>The slot after this one in its list, -1 after the last.</summary>
        public int Next(int slot)
        {
            return _next[slot];
        }

        /// <summary>Slots in a list.</summary>
        public int Count(int list)
        {
            return _count[list];
        }

        /// <summary>The list that a slot is in.</summary>
        public int ListOf(int slot)
        {
            return _list[slot];
        }

        /// <summary>Adds a slot, which must be in no list, to the end of a list.</summary>
        public void Add(int slot, int list)
        {
            short last = _last[list];
            _next[slot] = -1;
            _previous[slot] = last;
            _list[slot] = (byte)list;
            if (last < 0)
            {
                _first[list] = (short)slot;
            }
            else
            {
                _next[last] = (short)slot;
            }

            _last[list] = (short)slot;
            _count[list]++;
        }

        /// <summary>Takes a slot out of its list.</summary>
        public void Remove(int slot)
        {
            int from = _list[slot];
            short next = _next[slot];
            short previous = _previous[slot];
            if (previous < 0)
            {
                _first[from] = next;
            }
            else
            {
                _next[previous] = next;
            }

            if (next < 0)
            {
                _last[from] = previous;
            }
            else
            {
                _previous[next] = previous;
            }

            _count[from]--;
            _list[slot] = 0;
        }

        /// <summary>Empties every list.</summary>
        public void Clear()
        {
            Array.Clear(_list, 0, _list.Length);
            for (int i = 0; i < _first.Length; i++)
            {
                _first[i] = -1;
                _last[i] = -1;
                _count[i] = 0;
            }
        }
    }
}
