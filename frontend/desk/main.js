// The moderator's desk: joins the parts. Without this script everything works by forms and links.

import { watchKeys } from "./keys.js";
import { morphSwaps } from "./morph.js";
import { watchDialogOfMutes } from "./mute_dialog.js";
import { watchSelections } from "./selection.js";
import { undoInPlace } from "./undo.js";
import { watchWaiting } from "./waiting.js";

// CSS shows what works with a script alone.
document.documentElement.dataset.scripted = "";
morphSwaps();
watchSelections();
watchWaiting();
watchDialogOfMutes();
undoInPlace();
watchKeys();
