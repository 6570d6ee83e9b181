// The scores of a run, made again by ONNX Runtime from exported graphs: the independent check of `gatewalk export`.
//
//     npm install onnxruntime-node              (anywhere; NODE_PATH names its node_modules)
//     gatewalk run EXPERIMENT.json --out RUN_DIR
//     gatewalk features EXPERIMENT.json --out features.npy
//     gatewalk export RUN_DIR --strategy NAME --seed S --fold N --out NAME-sS-fN.onnx      (as many as there shall be)
//     node tests/golden/check_onnx.js RUN_DIR features.npy NAME-sS-fN.onnx...
//
// Every row that scores.csv has of such a fit is scored from its window of raw features, with a second sequence (model.cross) also
// from the rows at its last closes; bars have to lie without gaps. The largest difference is printed, and beyond 1e-5 the exit
// status is 1.
"use strict";
const fs = require("fs"), path = require("path");
const ort = require("onnxruntime-node");

const LARGEST = 1e-5, BATCH = 256;

function table(file) {
    const [head, ...rows] = fs.readFileSync(file, "utf8").trim().split("\n").map((line) => line.split(","));
    return rows.map((row) => Object.fromEntries(head.map((name, i) => [name, row[i]])));
}

// A version 1.0 .npy of float32, [rows × features].
function array(file) {
    const bytes = fs.readFileSync(file), length = bytes.readUInt16LE(8);
    const head = bytes.toString("latin1", 10, 10 + length), shape = /\((\d+), (\d+)\)/.exec(head);
    if (!head.includes("'<f4'") || !shape) throw new Error(`${file}: not float32 of two dimensions`);
    const data = bytes.buffer.slice(bytes.byteOffset + 10 + length, bytes.byteOffset + bytes.length);
    return { rows: +shape[1], columns: +shape[2], data: new Float32Array(data) };
}

// The rows, oldest first, of each of the windows.
function tensor(features, windows) {
    const steps = windows[0].length, F = features.columns, data = new Float32Array(windows.length * steps * F);
    windows.forEach((rows, k) => rows.forEach((row, t) =>
        data.set(features.data.subarray(row * F, (row + 1) * F), (k * steps + t) * F)));
    return new ort.Tensor("float32", data, [windows.length, steps, F]);
}

// Which rows a bar sees of a second sequence: the last `lookback` of the symbol's up to its own close that close a bar of the
// interval, on the clock that begins with 1970.
function looksAt(cross, rows) {
    const units = { m: 60, h: 3600, d: 86400 }, word = /^(\d+)([mhd])$/.exec(cross.interval || "");
    const every = word ? 1000 * word[1] * units[word[2]] : 1;
    const closes = new Map();
    rows.forEach((row, i) => {
        if (Date.parse(row.time) % every) return;
        if (!closes.has(row.symbol)) closes.set(row.symbol, []);
        closes.get(row.symbol).push({ i, at: Date.parse(row.time) });
    });
    return (row) => closes.get(cross.symbol || row.symbol).filter((close) => close.at <= Date.parse(row.time))
        .slice(-cross.lookback).map((close) => close.i);
}

// What a contestant's model.cross says, null without one.
function crossOf(config, name) {
    const model = config.strategies.find((of) => of.name === name).model;
    if (!model.cross || model.cross === "none") return null;
    return { interval: model.cross_interval, symbol: model.cross_symbol, lookback: model.cross_lookback };
}

async function score(session, features, last, second) {
    const lookback = session.inputMetadata[0].shape[1], out = [];
    for (let i = 0; i < last.length; i += BATCH) {
        const part = last.slice(i, i + BATCH);
        const feeds = { features: tensor(features, part.map((row) => Array.from({ length: lookback },
                                                                               (_, t) => row - lookback + 1 + t))) };
        if (second) feeds.second = tensor(features, part.map(second));
        const p = await session.run(feeds);
        part.forEach((_, k) => out.push([p.p_long.data[k], p.p_short.data[k]]));
    }
    return out;
}

async function main([dir, npy, ...graphs]) {
    const features = array(npy), rows = table(npy.replace(/\.npy$/, ".csv")), scores = table(path.join(dir, "scores.csv"));
    const rowOf = new Map(rows.map((row, i) => [`${row.time} ${row.symbol}`, i]));
    const run = JSON.parse(fs.readFileSync(path.join(dir, "run.json"), "utf8")).config;
    let worst = 0, n = 0;
    for (const file of graphs) {
        const [, strategy, seed, fold] = /^(.+)-s(\d+)-f(\d+)\.onnx$/.exec(path.basename(file));
        const of = scores.filter((row) => row.strategy === strategy && +row.seed === +seed && +row.fold === +fold);
        const session = await ort.InferenceSession.create(file);
        const cross = crossOf(run, strategy), seen = cross && looksAt(cross, rows);
        const p = await score(session, features, of.map((row) => rowOf.get(`${row.time} ${row.symbol}`)),
                              cross && ((row) => seen(rows[row])));
        const far = Math.max(...of.map((row, i) => Math.max(Math.abs(p[i][0] - row.p_long), Math.abs(p[i][1] - row.p_short))));
        console.log(`${path.basename(file).padEnd(40)} ${String(of.length).padStart(6)} rows   largest difference ${far.toExponential(1)}`);
        worst = Math.max(worst, Number.isFinite(far) && of.length ? far : Infinity);
        n += of.length;
    }
    console.log(`${graphs.length} graphs, ${n} rows, largest difference ${worst.toExponential(1)}`);
    process.exitCode = graphs.length && worst <= LARGEST ? 0 : 1;
}

main(process.argv.slice(2));
