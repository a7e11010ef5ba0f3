"""The native card operating system: what a blank chip has before anything is on it.

Its commands are in ``cardsim.chip.commands.native*``; here is what they work with: ``dialects`` (whose shapes CREATE
FILE and WRITE KEY have), ``creation`` (what is made, and where), ``keys`` (key records), ``rights`` (right bytes and
the two state registers), ``line`` (line protection). Source: facts native-card-os.

Dialect "extended" is FMCOS (facts native-card-os 1.2, 2.1) and what follows, by which the zones of this program are
personalised. An application made so has the same files and key records as one that is built directly.

* ``80 E0 <FID> Lc 38 space(2) create erase app-file FF FF name``: a directory, as in FMCOS. ``space`` is the room for
  all that is inside it, headers of files and of directories below included.
* ``80 E0 <FID> Lc 3D size(2) right1 right2 extra FF body``: the rules file (FID EF81).
* ``80 E0 <FID> Lc 3E size(2) right1 right2 extra FF body``: the application file (FID EF82): right1 the interfaces,
  extra the command set, the body what the FCI has behind the name (size 0000 for nothing).
  Bodies that do not fit into one command go on in ``80 E2 00 00 Lc bytes``, as often as needed, with nothing between;
  the file is there, in one commit, when all ``size`` bytes are.
* ``80 E0 EF 80 07 3F size(2) F0 EF FF FF``: the key file.
* Each of the three makes its directory a *ruled* one, as are the directories inside a ruled one: right1 and right2 of
  its files are numbers of rules (01 the first; F0 free, EF never), key records are those of T514, variable files keep
  their length in two bytes in front (so ``size`` is 2 more than the records take). They come before all other files;
  their order is that of :mod:`cardsim.perso.builder`: 3E, 3F, 3D.
* ``80 E0 <FID> 07 2E count reclen right1 right2 FF FF``, then ``00 E2 00 00 Lc record`` for each record, the oldest
  first (the file must be selected, or P2 = SFI * 8); ``2C size(2) ..`` and ``00 E2`` for each TLV; ``28 size(2) ..``
  and ``00 D6``; ``1A`` and ``1B`` (``28`` with a key pair's half): byte 6 is what the pair is for, the bodies by 00 D6.
* ``80 D4 00 00 Lc type id version file tries algorithm level length value``: adds this record to the key file as it is.
* A ruled directory stays in its free phase - no rights, no line protection, native commands beside its own, also
  after a reset, and on every interface - until ``80 E0 80 00`` seals it: create and erase right become EF. One that is
  created with create right EF is free until it is left.
* ``80 E0 EF 81`` without data asks for the dialect: where it is, it is answered 6985, also on a card without an MF.
* ``80 E0 80 00 01 rule`` seals it with an erase right: under this rule of its own ``80 0E 00 00`` (ERASE DF) wipes it,
  beside its own commands; it is empty and free then, as CREATE FILE made it.
"""

from __future__ import annotations
