#!/usr/bin/env python3
"""Frames as people save them with pandas, in some eighty ways, each opened by `gatewalk inspect` with the right bars or
refused with the reason.

usage: python3 tests/market/frames.py FOLDER ./gatewalk      (needs pandas; what else is missing is left out)"""
import sys, os, subprocess, json, tarfile, zipfile
import numpy as np, pandas as pd
out=sys.argv[1]; os.makedirs(out,exist_ok=True)
N=600
def frame(seed=1,n=N,freq='15min',start='2021-03-01'):
    r=np.random.default_rng(seed)
    t=pd.date_range(start,periods=n,freq=freq)
    c=np.round(100*np.exp(np.cumsum(r.normal(0,.003,n))),2); o=np.round(np.r_[100,c[:-1]],2)
    h=np.round(np.maximum(o,c)+r.uniform(0,.3,n),2); l=np.round(np.minimum(o,c)-r.uniform(0,.3,n),2)
    return pd.DataFrame(dict(open=o,high=h,low=l,close=c,volume=np.round(r.uniform(1,9,n),3)),index=pd.Index(t,name='time'))
d=frame(); cases=[]
last=d.iloc[-1]
def want(name,n=N,sym=1,extra=None,first='2021-03-01T00:00:00Z',refuse=None): cases.append((name,n,sym,extra or [],first,refuse))
def p(n): return os.path.join(out,n)
d.to_csv(p('v01.csv')); want('v01.csv')
x=d.copy(); x.index.name=None; x.to_csv(p('v02.csv')); want('v02.csv')
d.reset_index().to_csv(p('v03.csv')); want('v03.csv')           # row numbers first
d.reset_index().to_csv(p('v04.csv'),index=False); want('v04.csv')
d.to_csv(p('v05.csv'),sep=';'); want('v05.csv')
d.to_csv(p('v06.csv'),sep=';',decimal=','); want('v06.csv')
d.to_csv(p('v07.tsv'),sep='\t'); want('v07.tsv')
d.to_csv(p('v08.csv'),sep='|'); want('v08.csv')
d.to_csv(p('v09.csv'),sep='\t',decimal=','); want('v09.csv')
for i,c in enumerate(['gzip','bz2','xz','zip','zstd'],10):
    ext={'gzip':'gz','bz2':'bz2','xz':'xz','zip':'zip','zstd':'zst'}[c]
    f='v%d.csv.%s'%(i,ext)
    try: d.to_csv(p(f),compression=c)
    except Exception:
        d.to_csv(p('tmp.csv')); subprocess.run(['zstd','-q','-f',p('tmp.csv'),'-o',p(f)]) 
    if os.path.exists(p(f)): want(f)
d.to_csv(p('tmp.csv')); tarfile.open(p('v15.tar.gz'),'w:gz').add(p('tmp.csv'),'v15.csv'); want('v15.tar.gz')
d.to_csv(p('v16.csv'),date_format='%d.%m.%Y %H:%M'); want('v16.csv')
d.to_csv(p('v17.csv'),date_format='%m/%d/%Y %H:%M:%S'); 
x=frame(n=96*20); x.to_csv(p('v17.csv'),date_format='%m/%d/%Y %H:%M:%S'); want('v17.csv',n=96*20)
x.to_csv(p('v16.csv'),date_format='%d.%m.%Y %H:%M'); cases[-2]=('v16.csv',96*20,1,[], '2021-03-01T00:00:00Z',None)
d.to_csv(p('v18.csv'),date_format='%d.%m.%Y %H:%M'); want('v18.csv',refuse='day and month cannot be told apart')
d.to_csv(p('v19.csv'),date_format='%d.%m.%Y %H:%M'); want('v19.csv',extra=['--time-format','%d.%m.%Y %H:%M'])
x.to_csv(p('v20.csv'),date_format='%m/%d/%Y %I:%M %p'); want('v20.csv',n=96*20)
d.to_csv(p('v21.csv'),date_format='%d-%b-%Y %H:%M:%S'); want('v21.csv')
d.to_csv(p('v22.csv'),date_format='%Y%m%d %H%M%S'); want('v22.csv')
d.to_csv(p('v23.csv'),date_format='%Y-%m-%dT%H:%M:%S.%fZ'); want('v23.csv')
d.to_csv(p('v24.csv'),date_format='%s'); x=d.copy(); x.index=(x.index.astype('int64')//10**9); x.index.name='timestamp'; x.to_csv(p('v24.csv')); want('v24.csv')
x=d.copy(); x.index=x.index.astype('int64')//10**6; x.index.name='open_time'; x.to_csv(p('v25.csv')); want('v25.csv')
x=d.copy(); x.index=x.index.astype('int64'); x.index.name='ts'; x.to_csv(p('v26.csv')); want('v26.csv')
x=d.copy(); x.index=x.index.astype('int64')/10**9; x.index.name='time'; x.to_csv(p('v27.csv')); want('v27.csv')
x=d.copy(); x.index=x.index.tz_localize('UTC'); x.to_csv(p('v28.csv')); want('v28.csv')
x=d.copy(); x.index=x.index.tz_localize('UTC').tz_convert('America/New_York'); x.to_csv(p('v29.csv')); want('v29.csv')
x=frame(n=24*400,freq='H',start='2020-09-01'); y=x.copy(); y.index=y.index.tz_localize('UTC').tz_convert('Europe/Berlin').tz_localize(None); y.to_csv(p('v30.csv')); want('v30.csv',n=24*400,extra=['--timezone','Europe/Berlin'],first='2020-09-01T00:00:00Z')
y.iloc[::-1].to_csv(p('v31.csv')); want('v31.csv',n=24*400,extra=['--timezone','Europe/Berlin'],first='2020-09-01T00:00:00Z')
x=d.drop(columns='volume'); x.to_csv(p('v32.csv')); want('v32.csv')
x=d.copy(); x['volume']=np.nan; x.to_csv(p('v33.csv')); want('v33.csv')
x=d.copy(); x.loc[x.index[5:9],'volume']=np.nan; x.to_csv(p('v34.csv'),na_rep='NaN'); want('v34.csv')
x=d.copy(); x.columns=[c.capitalize() for c in x.columns]; x.index.name='Date'; x.to_csv(p('v35.csv')); want('v35.csv')
x=d.copy(); x.columns=[c.upper() for c in x.columns]; x.index.name='DATETIME'; x.to_csv(p('v36.csv')); want('v36.csv')
x=pd.concat({'SPY':d},axis=1).swaplevel(axis=1); x.columns.names=['Price','Ticker']; x.index.name='Date'; x.to_csv(p('v37.csv')); want('v37.csv')
e=frame(2)
x=pd.concat({'SPY':d,'BRK-B':e},axis=1).swaplevel(axis=1); x.columns.names=['Price','Ticker']; x.index.name='Date'; x.to_csv(p('v38.csv')); want('v38.csv',sym=2)
x=pd.concat({'SPY':d,'QQQ':e},axis=1); x.columns.names=['Ticker','Price']; x.index.name='Datetime'; x.to_csv(p('v39.csv')); want('v39.csv',sym=2)
x=pd.concat({'SPY':d,'QQQ':e.iloc[5:]},axis=1); x.columns.names=[None,None]; x.index.name='Date'; x.to_csv(p('v40.csv')); want('v40.csv',sym=2)
d.reset_index().to_json(p('v41.json'),orient='records'); want('v41.json')
d.reset_index().to_json(p('v42.json'),orient='records',date_format='iso'); want('v42.json')
d.reset_index().to_json(p('v43.jsonl'),orient='records',lines=True); want('v43.jsonl')
d.to_json(p('v44.json')); want('v44.json')
d.to_json(p('v45.json'),orient='index'); want('v45.json')
d.to_json(p('v46.json'),orient='split'); want('v46.json')
d.to_json(p('v47.json'),orient='table'); want('v47.json')
d.to_json(p('v48.json'),orient='values'); want('v48.json',refuse='column')
json.dump(dict(s='ok',t=[int(v) for v in d.index.astype('int64')//10**9],o=list(d.open),h=list(d.high),l=list(d.low),c=list(d.close),v=list(d.volume)),open(p('v49.json'),'w')); want('v49.json')
json.dump(dict(symbol='AAPL',bars=[dict(t=t.isoformat()+'Z',o=r.open,h=r.high,l=r.low,c=r.close,v=r.volume,n=3,vw=1.5) for t,r in d.iterrows()]),open(p('v50.json'),'w'),indent=1); want('v50.json')
x=pd.concat([d.assign(symbol='AAA'),e.assign(symbol='BBB')]); x.to_csv(p('v51.csv')); want('v51.csv',sym=2)
x.sort_index(kind='stable').to_csv(p('v52.csv')); want('v52.csv',sym=2)
pd.concat({'AAA':d,'BBB':e},names=['ticker','time']).to_csv(p('v53.csv')); want('v53.csv',sym=2)
x.reset_index().rename(columns={'symbol':'Name','time':'date'}).to_json(p('v54.json'),orient='records'); want('v54.json',sym=2)
os.makedirs(p('v55'),exist_ok=True); d[:300].to_csv(p('v55/AAA-2021-03.csv')); d[300:].to_csv(p('v55/AAA-2021-04.csv.gz')); e.to_csv(p('v55/BBB.csv')); open(p('v55/README.md'),'w').write('hi'); want('v55',sym=2)
want('v55/AAA*')
z=zipfile.ZipFile(p('v56.zip'),'w'); z.write(p('v55/AAA-2021-03.csv'),'AAA-2021-03.csv'); d[300:].to_csv(p('tmp.csv')); z.write(p('tmp.csv'),'AAA-2021-04.csv'); z.close(); want('v56.zip')
d.to_csv(p('v57.csv'),encoding='utf-16'); want('v57.csv')
d.to_csv(p('v58.csv'),encoding='utf-8-sig'); want('v58.csv')
d.to_csv(p('v59.csv'),quoting=1); want('v59.csv')
d.to_csv(p('v60.csv'),float_format='%.8e'); want('v60.csv')
d.to_csv(p('v61.csv'),lineterminator='\r\n') if 'lineterminator' in pd.DataFrame.to_csv.__code__.co_varnames else d.to_csv(p('v61.csv'),line_terminator='\r\n'); want('v61.csv')
x=d.reset_index(); x.insert(0,'date',x.time.dt.strftime('%Y.%m.%d')); x['time']=x.time.dt.strftime('%H:%M:%S'); x.to_csv(p('v62.csv'),index=False); want('v62.csv')
x=d.copy(); x['sma_20']=x.close.rolling(20).mean(); x['Volume MA']=x.volume.rolling(9).mean(); x.to_csv(p('v63.csv')); want('v63.csv')
x=d.copy(); x.index=(x.index.astype('int64')//10**9); x.index.name='time'; x=x.rename(columns=dict(volume='Volume')); x['Volume MA']=1.5; x['Plot']=2; x['Plot.1']=3; x.to_csv(p('v64.csv')); want('v64.csv')
x=d.copy(); x.loc[x.index[7:11]]=np.nan; x.to_csv(p('v65.csv')); want('v65.csv',n=N-4)
x=d.copy(); x.index=(x.index-pd.Timestamp('1899-12-30'))/pd.Timedelta('1D'); x.index.name='date'; x.to_csv(p('v66.csv')); want('v66.csv',refuse='spreadsheet')
try: d.to_excel(p('v67.xlsx')); want('v67.xlsx',refuse='Excel')
except Exception as ex: print('no xlsx',ex)
d.to_pickle(p('v68.pkl')); want('v68.pkl',refuse='pickle')
try: d.to_parquet(p('v69.parquet')); want('v69.parquet',refuse='parquet')
except Exception as ex: print('no parquet',str(ex)[:60])
d.to_html(p('v70.html')); want('v70.html',refuse=';')
d.to_string(p('v71.txt')) if False else open(p('v71.txt'),'w').write(d.to_string()); want('v71.txt',refuse=';')
d.reset_index(drop=True).to_csv(p('v72.csv')); want('v72.csv',refuse='no time')
x=d.copy(); x['adjclose']=x.close; x.to_csv(p('v73.csv')); want('v73.csv')
x=d.copy(); x.index=pd.PeriodIndex(x.index,freq='15T',name='time'); x.to_csv(p('v74.csv')); want('v74.csv')
d.iloc[::-1].to_csv(p('v75.csv')); want('v75.csv')
d.to_csv(p('v76.csv'),header=False); want('v76.csv')
x=d.reset_index(); x['time']=x.time.astype('int64')//10**6; x.to_csv(p('v77.csv'),header=False,index=False); want('v77.csv')
x=d.copy(); x['symbol']='BTC/USDT'; x.to_csv(p('v78.csv')); want('v78.csv')
d.to_stata(p('v79.dta'),write_index=True) ; want('v79.dta',refuse=';')
x=d.copy(); x.index=x.index.tz_localize('UTC'); x.to_json(p('v80.json.gz'),orient='split',compression='gzip',date_format='iso'); want('v80.json.gz')
d.describe().to_csv(p('v81.csv')); want('v81.csv',refuse=';')
bad=0; gw=sys.argv[2]
for name,n,sym,extra,first,refuse in cases:
    r=subprocess.run([gw,'inspect',p(name),'--json']+extra,capture_output=True,text=True,env=dict(os.environ,GATEWALK_CACHE='off'))
    if refuse:
        ok=r.returncode==3 and refuse in r.stderr and len(r.stderr.strip().split('\n'))==1
        if not ok: bad+=1; print('BAD',name,'should be refused:',r.returncode,r.stdout[:100],r.stderr[:300])
        else: print('refused',name,r.stderr.strip()[:170])
        continue
    if r.returncode: bad+=1; print('BAD',name,r.stderr.strip()); continue
    try: j=json.loads(r.stdout)
    except Exception: bad+=1; print('BAD json',name,r.stdout[:200]); continue
    js=j if isinstance(j,list) else j.get('symbols',[j]) 
    ok=len(js)==sym and js[0]['bars']==n and js[0]['first']==first and js[0]['gaps']<=2 and js[0]['refused'] is None
    if not ok: bad+=1; print('BAD',name,[(q['symbol'],q['bars'],q['first'],q['gaps'],q['interval'],q['refused']) for q in js])
print(len(cases),'variants,',bad,'bad')
sys.exit(bad>0)
